import { isPair, visit, type Document } from 'yaml';

const date = /^\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$/;
const otherNames = /^(~|null|true|false|[-+]?\.inf|\.nan)$/i;

/**
 * Plain scalars that Pulumi's YAML reader, which knows YAML 1.1 too, takes for something else than YAML 1.2 says: a weight 010 would be 8, a label 2020-01-01 a moment with a
 * time zone, a key 1.10 would be 1.1. Only below a section, for the values of `config:` itself are taken as they are written.
 */
export function ambiguousScalars(document: Document): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Scalar(role, { type, source, range }, ancestors) {
      if (type !== 'PLAIN' || source === undefined || ancestors.filter(isPair).length < 3) return;
      if (!(role === 'key' ? isOtherKey(source) : isOtherValue(source))) return;
      const message = `Pulumi would read ${source} as something else (a date, or a number in the notation of YAML 1.1); put it in quotes, or write what is meant`;
      found.push({ offset: range?.[0] ?? 0, message });
    },
  });
  return found;
}

function isOtherValue(text: string): boolean {
  return date.test(text) || (numberOf(text) !== undefined && (text.includes('_') || /^[-+]?0(b|\d+$)/.test(text)));
}

/** Pulumi reads keys as values, and writes them out anew. */
function isOtherKey(text: string): boolean {
  const number = numberOf(text);
  if (number !== undefined) return String(number) !== text;
  return date.test(text) || (otherNames.test(text) && text !== 'true' && text !== 'false');
}

function numberOf(text: string): number | undefined {
  const number = /^[-+.]?\d/.test(text) ? Number(text.replaceAll('_', '')) : NaN;
  return Number.isFinite(number) ? number : undefined;
}
