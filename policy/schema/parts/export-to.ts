import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';
import { isDnsLabel } from './hosts';

interface ExportRules {
  /** Namespace of the object; `.` stands for it. */
  namespace: string;
  /** Whether `~`, visible to nobody, is allowed. Defaults to false. */
  nobody?: boolean;
  /** Whether only the own namespace is allowed, as for a DestinationRule with a workloadSelector. Defaults to false. */
  ownOnly?: boolean;
}

export function exportToProblems(
  list: Place,
  { namespace, nobody = false, ownOnly = false }: ExportRules,
): SchemaProblem[] {
  const names = list.items.map(({ text }) => (text === '.' ? namespace : text));
  return [
    ...list.items.flatMap((place, index) => [
      ...when(names.indexOf(names[index] ?? '') < index, () =>
        error(place, `${shown(place)} is there twice; "." is the own namespace "${namespace}"`),
      ),
      ...when(!isScope(place.text, nobody), () =>
        error(
          place,
          `${shown(place)} is no scope; allowed are ".", "*"${nobody ? ', "~"' : ''} and names of namespaces`,
        ),
      ),
    ]),
    ...when(names.length > 1 && names.includes('*'), () => error(list, '"*" is every namespace and must stand alone')),
    ...when(nobody && names.length > 1 && names.includes('~'), () => error(list, '"~" is nobody and must stand alone')),
    ...when(ownOnly && names.some((name) => name !== namespace), () =>
      error(list, 'with a workloadSelector only the own namespace "." is allowed'),
    ),
  ];
}

function isScope(text: string, nobody: boolean): boolean {
  return text === '.' || text === '*' || (nobody && text === '~') || isDnsLabel(text);
}
