import type { FieldChange, Plan } from '../../lab';

/** The plan as people read it before anything is touched: what is made, what changes and how, what goes. */
export function planText(plan: Plan): string {
  const { created, changed, removed, unchanged } = plan;
  if (created.length + changed.length + removed.length === 0)
    return `no changes: all ${unchanged} objects are as the stack file says\n`;
  const lines = [
    ...created.map((id) => `+ ${id}`),
    ...changed.flatMap(({ id, changes }) => [`~ ${id}`, ...changes.map((change) => `    ${changeText(change)}`)]),
    ...removed.map((id) => `- ${id}`),
  ];
  const counts = `${created.length} to create, ${changed.length} to change, ${removed.length} to remove, ${unchanged} unchanged`;
  return `${[...lines, counts].join('\n')}\n`;
}

function changeText({ path, from, to }: FieldChange): string {
  if (from === undefined) return `${path}: ${JSON.stringify(to)} (new)`;
  if (to === undefined) return `${path}: was ${JSON.stringify(from)} (gone)`;
  return `${path}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`;
}
