import { isPair, visit, type Document, type ScalarTag } from 'yaml';
import type { Mistake } from './yaml-places';

const date = /^\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$/;
const otherNames = /^(~|null|true|false|[-+]?\.inf|\.nan)$/i;

/**
 * Plain scalars that Pulumi reads as YAML 1.1, and so differently: the weight 010 would be 8, the label 2020-01-01 a
 * time with a zone, the key 1.10 would be 1.1. This concerns only what is below a section, since Pulumi takes the
 * values directly under `config:` as written.
 */
export function ambiguousScalars(document: Document): Mistake[] {
  const found: Mistake[] = [];
  visit(document, {
    Scalar(role, { type, source, range }, ancestors) {
      if (type !== 'PLAIN' || source === undefined) return;
      if (!(role === 'key' ? isOtherKey(source) : isOtherValue(source))) return;
      if (ancestors.filter(isPair).length < 3) return;
      const message = `Pulumi reads ${source} as a date, or as a number in the notation of YAML 1.1; put it in quotes, or write the number that you mean`;
      found.push({ offset: range?.[0] ?? 0, message });
    },
  });
  return found;
}

/** Whether a string must be in quotes in a stack file, as a key or a value, for Pulumi to read it as it is. */
export function needsQuotes(text: string): boolean {
  return isOtherValue(text) || isOtherKey(text);
}

function isOtherValue(text: string): boolean {
  return date.test(text) || (numberOf(text) !== undefined && (text.includes('_') || /^[-+]?0(b|\d+$)/.test(text)));
}

/** Pulumi parses keys like values, and formats them again. */
function isOtherKey(text: string): boolean {
  const number = numberOf(text);
  if (number !== undefined) return String(number) !== text;
  return date.test(text) || (otherNames.test(text) && text !== 'true' && text !== 'false');
}

function numberOf(text: string): number | undefined {
  const number = /^[-+.]?\d/.test(text) ? Number(text.replaceAll('_', '')) : NaN;
  return Number.isFinite(number) ? number : undefined;
}

/**
 * The plain scalars that are not strings for kubectl: its parser (sigs.k8s.io/yaml) reads YAML 1.1, but not its dates
 * and base-60 numbers.
 */
export const kubernetesScalars: ScalarTag[] = [
  scalar('null', /^(?:~|null|Null|NULL)?$/, () => null),
  scalar('bool', /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  scalar('bool', /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
  scalar('int', /^[-+]?0[bB][01_]+$/, (digits, sign) => sign * parseInt(digits.slice(2), 2)),
  scalar('int', /^[-+]?0[oO][0-7_]+$/, (digits, sign) => sign * parseInt(digits.slice(2), 8)),
  scalar('int', /^[-+]?0[xX][\da-fA-F_]+$/, (digits, sign) => sign * parseInt(digits.slice(2), 16)),
  scalar('int', /^[-+]?0[0-7_]+$/, (digits, sign) => sign * parseInt(digits, 8)),
  scalar('int', /^[-+]?(?:0|[1-9][\d_]*)$/, (digits, sign) => sign * Number(digits)),
  scalar(
    'float',
    /^[-+]?(?:\.\d[\d_]*|\d[\d_]*(?:\.[\d_]*)?)(?:[eE][-+]?\d+)?$/,
    (digits, sign) => sign * Number(digits),
  ),
  { tag: 'tag:yaml.org,2002:timestamp', resolve: (text: string) => text },
];

function scalar(name: string, test: RegExp, read: (digits: string, sign: number) => unknown): ScalarTag {
  return {
    tag: `tag:yaml.org,2002:${name}`,
    default: true,
    test,
    resolve: (text) => read(text.replace(/^[-+]/, '').replaceAll('_', ''), text.startsWith('-') ? -1 : 1),
  };
}
