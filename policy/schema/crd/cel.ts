import { parseDuration } from '../parts/values';

/** The rule of every duration. */
export const durationRule = "duration(self) >= duration('1ms')";

/**
 * The validation rules of Istio's CRDs. They are written in CEL, for which there is no interpreter here; each is one function, by the text of the rule.
 * A value of the wrong type passes: that is said elsewhere.
 */
export const celRules: Record<string, (self: unknown) => boolean> = {
  [durationRule]: (self) => onText(self, (text) => (parseDuration(text) ?? 0) >= 1),
  'self != "*"': (self) => self !== '*',
  '!self.contains("*")': (self) => onText(self, (text) => !text.includes('*')),
  'self.size() == 0': (self) => onText(self, (text) => text === ''),
  '0 < self && self <= 65535': (self) => typeof self !== 'number' || (self > 0 && self <= 65535),
  'self in ["", "HTTP", "HTTPS"]': (self) => onText(self, (text) => ['', 'HTTP', 'HTTPS'].includes(text)),
  'self.all(key, !key.contains("*"))': (self) => keys(self).every((key) => !key.includes('*')),
  'self.all(key, key.size() != 0)': (self) => keys(self).every((key) => key !== ''),
  'self.all(key, 0 < int(key) && int(key) <= 65535)': (self) => keys(self).every((key) => isPort(key)),
  'self.all(key, size(key) < 63 && key.matches("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$"))': (self) =>
    keys(self).every((key) => key.length < 63 && /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(key)),
  'self.all(l1, self.exists_one(l2, l1.number == l2.number))': (self) => {
    const numbers = Array.isArray(self) ? self.map((item) => map(item)['number']) : [];
    return new Set(numbers).size === numbers.length;
  },
  'url(self).getScheme() in ["http", "https"]': (self) => onText(self, (text) => /^https?:\/\//.test(text)),
  'self.startsWith("unix://") ? (self.substring(7, 8) == "/" || self.substring(7, 8) == "@") : true': (self) =>
    onText(self, (text) => !text.startsWith('unix://') || ['/', '@'].includes(text.charAt(7))),
  'self.startsWith("unix://") ? !self.endsWith("/") : true': (self) =>
    onText(self, (text) => !text.startsWith('unix://') || !text.endsWith('/')),
  'has(self.address) || has(self.network)': (self) => set(self, 'address', 'network') > 0,
  '(has(self.address) ? self.address : "").startsWith("unix://") ? !has(self.ports) : true': (self) =>
    !onText(map(self)['address'], (text) => text.startsWith('unix://'), false) || set(self, 'ports') === 0,
  '(has(self.valueFrom) ? self.valueFrom : "") != "HOST" || !has(self.value)': (self) =>
    map(self)['valueFrom'] !== 'HOST' || set(self, 'value') === 0,
  'has(self.wasm) != has(self.lua)': (self) => set(self, 'wasm', 'lua') === 1,
  'has(self.context) ? ((self.context == "WAYPOINT") ? has(self.waypoint) : !has(self.waypoint)) : !has(self.waypoint)':
    (self) => (map(self)['context'] === 'WAYPOINT') === (set(self, 'waypoint') === 1),
  '(has(self.selector) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1': (self) =>
    set(self, 'selector', 'targetRefs') <= 1,
  '(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1': (self) =>
    set(self, 'selector', 'targetRef', 'targetRefs') <= 1,
  '(has(self.workloadSelector) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1': (self) =>
    set(self, 'workloadSelector', 'targetRefs') <= 1,
  '(has(self.workloadSelector) ? 1 : 0) + (has(self.endpoints) ? 1 : 0) <= 1': (self) =>
    set(self, 'workloadSelector', 'endpoints') <= 1,
  '(has(self.tlsCertificates) ? 1 : 0) + (has(self.credentialNames) ? 1 : 0) <= 1': (self) =>
    set(self, 'tlsCertificates', 'credentialNames') <= 1,
  '(has(self.credentialNames) ? 1 : 0) + (has(self.tlsCertificates) ? 1 : 0) <= 1': (self) =>
    set(self, 'tlsCertificates', 'credentialNames') <= 1,
  '(has(self.credentialName) ? 1 : 0) + (has(self.credentialNames) ? 1 : 0) <= 1': (self) =>
    set(self, 'credentialName', 'credentialNames') <= 1,
  '(has(self.jwksUri) ? 1 : 0) + (has(self.jwks_uri) ? 1 : 0) + (has(self.jwks) ? 1 : 0) <= 1': (self) =>
    set(self, 'jwksUri', 'jwks_uri', 'jwks') <= 1,
  '!((has(self.addresses) ? self.addresses : []).exists(k, k.contains("/")) && !((has(self.resolution) ? self.resolution : "NONE") in ["STATIC", "NONE"]))':
    (self) => {
      const { addresses, resolution = 'NONE' } = map(self);
      const ranges = Array.isArray(addresses) && addresses.some((one) => typeof one === 'string' && one.includes('/'));
      return !ranges || resolution === 'STATIC' || resolution === 'NONE';
    },
  '((has(self.resolution) ? self.resolution : "NONE") == "NONE") ? !has(self.endpoints) : true': (self) =>
    (map(self)['resolution'] ?? 'NONE') !== 'NONE' || set(self, 'endpoints') === 0,
  '((has(self.resolution) ? self.resolution : "") == "DNS_ROUND_ROBIN") ? ((has(self.endpoints) ? self.endpoints : []).size() <= 1) : true':
    (self) => {
      const { endpoints, resolution } = map(self);
      return resolution !== 'DNS_ROUND_ROBIN' || !Array.isArray(endpoints) || endpoints.length <= 1;
    },
  '(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) && !has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true':
    (self) =>
      set(self, 'serviceAccounts', 'notServiceAccounts') === 0 ||
      set(self, 'principals', 'notPrincipals', 'namespaces', 'notNamespaces') === 0,
  'has(self.portLevelMtls) ? (((has(self.selector) && has(self.selector.matchLabels)) ? self.selector.matchLabels : {}).size() > 0) : true':
    (self) => set(self, 'portLevelMtls') === 0 || keys(map(map(self)['selector'])['matchLabels']).length > 0,
  '((has(self.operation) ? self.operation : "") == "UPSERT") ? (self.value != "") : true': (self) =>
    map(self)['operation'] !== 'UPSERT' || (set(self, 'value') === 1 && map(self)['value'] !== ''),
  '((has(self.operation) ? self.operation : "") == "REMOVE") ? !has(self.value) : true': (self) =>
    map(self)['operation'] !== 'REMOVE' || set(self, 'value') === 0,
  'isURL(self) ? (url(self).getScheme() in ["", "http", "https", "file", "oci"]) : (isURL("http://" + self) && url("http://" + self).getScheme() in ["", "http", "https", "file", "oci"])':
    isImageUrl,
  'isURL(self) ? (url(self).getScheme() in ["", "http", "https", "oci", "file"]) : (isURL("http://" + self) && url("http://" + self).getScheme() in ["", "http", "https", "oci", "file"])':
    isImageUrl,
};

/** The text of a rule as it is looked up: CRDs break long ones over several lines. */
export function celKey(rule: string): string {
  return rule.replace(/\s+/g, ' ').trim();
}

function onText(self: unknown, holds: (text: string) => boolean, otherwise = true): boolean {
  return typeof self === 'string' ? holds(self) : otherwise;
}

function map(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function keys(value: unknown): string[] {
  return Object.keys(map(value));
}

/** How many of the fields are there. */
function set(self: unknown, ...fields: string[]): number {
  return fields.filter((field) => map(self)[field] !== undefined).length;
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) > 0 && Number(text) <= 65535;
}

function isImageUrl(self: unknown): boolean {
  return onText(self, (text) => {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
    return scheme === undefined || ['http', 'https', 'file', 'oci'].includes(scheme);
  });
}
