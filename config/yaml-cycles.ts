import { visit, type Document } from 'yaml';

/** Aliases that stand inside of what they stand for. YAML allows them, but a value without an end is of no use to anybody here. */
export function cycles(document: Document): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Alias(_role, alias, ancestors) {
      const node = alias.resolve(document);
      if (node === undefined || !ancestors.includes(node)) return;
      const message = `*${alias.source} stands inside of &${alias.source}, which would have no end; write out what is meant`;
      found.push({ offset: alias.range?.[0] ?? 0, message });
    },
  });
  return found;
}
