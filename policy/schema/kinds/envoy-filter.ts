import { error, shown, when, type FieldPlace, type SchemaProblem } from '../place';
import { attachmentProblems } from '../parts/names';
import { regexProblems } from '../parts/values';

/** What each kind of patch may match. */
const matches: Record<string, string> = {
  CLUSTER: 'cluster',
  LISTENER: 'listener',
  LISTENER_FILTER: 'listener',
  FILTER_CHAIN: 'listener',
  NETWORK_FILTER: 'listener',
  HTTP_FILTER: 'listener',
  ROUTE_CONFIGURATION: 'routeConfiguration',
  VIRTUAL_HOST: 'routeConfiguration',
  HTTP_ROUTE: 'routeConfiguration',
};

export function envoyFilterProblems(spec: FieldPlace): SchemaProblem[] {
  return [...attachmentProblems(spec), ...spec.at('configPatches').items.flatMap(patchProblems)];
}

function patchProblems(entry: FieldPlace): SchemaProblem[] {
  const [applyTo, patch] = [entry.at('applyTo'), entry.at('patch')];
  if (['', 'INVALID'].includes(applyTo.text)) return [error(applyTo, 'is required: it says what the patch is for')];
  if (!patch.isSet) return [error(patch, 'is required: without it the entry changes nothing')];
  const [operation, value] = [patch.at('operation'), patch.at('value')];
  if (['', 'INVALID'].includes(operation.text)) return [error(operation, 'is required, for example MERGE')];
  return [
    ...when(operation.text !== 'REMOVE' && !value.isSet, () =>
      error(value, `is required for operation ${shown(operation)}`),
    ),
    ...matchProblems(entry.at('match'), applyTo.text),
  ];
}

function matchProblems(match: FieldPlace, applyTo: string): SchemaProblem[] {
  const allowed = matches[applyTo];
  const others = ['listener', 'routeConfiguration', 'cluster'].filter((field) => field !== allowed);
  const version = match.at('proxy', 'proxyVersion');
  return [
    ...(allowed === undefined ? [] : others)
      .map((field) => match.at(field))
      .filter(({ isSet }) => isSet)
      .map((place) => error(place, `cannot be matched for ${applyTo}; match ${allowed ?? ''} instead`)),
    ...(version.text === '' ? [] : regexProblems(version)),
  ];
}
