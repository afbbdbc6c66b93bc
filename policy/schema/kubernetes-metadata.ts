import { apiGroup } from '../../mesh/manifests/kubernetes';
import { dnsLabel, dnsSubdomain, labelKey, labelMaxLength, labelValue } from '../../mesh/manifests/formats';
import { error, shown, when, type FieldPlace, type SchemaProblem } from './place';

/** Kinds whose names need only be a segment of a URL. */
const segmentGroups = ['rbac.authorization.k8s.io'];
/** Most bytes of all annotations of an object. */
const annotationBytes = 256 * 1024;

/** What is wrong with the metadata of an object of any kind. */
export function metadataProblems(object: FieldPlace): SchemaProblem[] {
  const metadata = object.at('metadata');
  return [...nameProblems(object), ...namespaceProblems(metadata.at('namespace')), ...mapProblems(metadata)];
}

function nameProblems(object: FieldPlace): SchemaProblem[] {
  const name = object.at('metadata', 'name');
  if (typeof name.value !== 'string') return [];
  const [rule, holds] = nameRule(apiGroup(object.at('apiVersion').text), object.at('kind').text);
  return when(!holds(name.text), () => error(name, `${shown(name)} is not a valid name of an object: ${rule}`));
}

export const labelRule =
  'lower-case letters, digits and "-", at most 63 characters, starting and ending with a letter or digit';
export const subdomainRule =
  'lower-case letters, digits, "-" and ".", at most 253 characters, each part starting and ending with a letter or digit';

function nameRule(group: string, kind: string): [rule: string, holds: (name: string) => boolean] {
  if (segmentGroups.includes(group) || kind === 'APIService')
    return ['neither ".", ".." nor anything with "/" or "%"', (name) => !/^(?:\.{0,2}|.*[/%].*)$/s.test(name)];
  if (group === '' && kind === 'Service')
    return [`${labelRule}, the first a letter`, (name) => isLabel(name) && /^[a-z]/.test(name)];
  return group === '' && kind === 'Namespace'
    ? [labelRule, isLabel]
    : [subdomainRule, (name) => dnsSubdomain.test(name)];
}

export function isLabel(text: string): boolean {
  return dnsLabel.test(text) && text.length <= labelMaxLength;
}

function namespaceProblems(namespace: FieldPlace): SchemaProblem[] {
  const isName = typeof namespace.value === 'string' && namespace.text !== '';
  return when(isName && !isLabel(namespace.text), () =>
    error(namespace, `${shown(namespace)} is not a valid name of a namespace: ${labelRule}`),
  );
}

/** Labels and annotations of an object or a pod template. */
export function mapProblems(metadata: FieldPlace): SchemaProblem[] {
  const annotations = metadata.at('annotations');
  const bytes = annotations.entries.reduce((sum, { key, place }) => sum + byteLength(key) + byteLength(place.text), 0);
  return [
    ...labelProblems(metadata.at('labels')),
    ...annotations.entries.flatMap(({ key, place }) => keyProblems(key, place, 'an annotation')),
    ...when(bytes > annotationBytes, () => error(annotations, `annotations may have ${annotationBytes} bytes in all`)),
  ];
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

export const keyRule = 'letters, digits, "-", "_" and ".", at most 63 characters, perhaps after a DNS name and "/"';
const valueRule =
  'letters, digits, "-", "_" and ".", at most 63 characters, starting and ending with a letter or digit';

function keyProblems(key: string, place: FieldPlace, what: string): SchemaProblem[] {
  const [domain, name] = key.includes('/') ? [key.slice(0, key.indexOf('/')), key] : ['', key];
  // Annotations may be written in any case; the API server compares them in lower case.
  const isKey = labelKey.test(what === 'a label' ? name : name.toLowerCase()) && domain.length <= 253;
  return when(!isKey, () => error(place, `"${key}" is not a valid key of ${what}: ${keyRule}`));
}

export function labelProblems(labels: FieldPlace): SchemaProblem[] {
  return labels.entries.flatMap(({ key, place }) => [
    ...keyProblems(key, place, 'a label'),
    ...when(typeof place.value === 'string' && !labelValue.test(place.text), () =>
      error(place, `${shown(place)} is not a valid label value: ${valueRule}`),
    ),
  ]);
}
