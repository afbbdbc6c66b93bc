import { asn1, pem } from 'node-forge';

/** What is wrong with a certificate chain in PEM, at a moment; undefined when its first certificate can be read and is valid then. */
export function certificateFault(chain: string, now: Date): string | undefined {
  const validity = validityOf(chain);
  if (validity === undefined) return 'holds no certificate in PEM that can be read';
  const { from, until } = validity;
  if (now > until) return `holds a certificate that expired on ${day(until)}; renew it`;
  return now < from ? `holds a certificate that is not valid before ${day(from)}` : undefined;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** The validity of the first certificate. Read from its structure (RFC 5280, 4.1), so that the kind of its key does not matter. */
function validityOf(chain: string): { from: Date; until: Date } | undefined {
  try {
    const [first] = pem.decode(chain);
    if (first?.type !== 'CERTIFICATE') return undefined;
    const [toBeSigned] = children(asn1.fromDer(first.body));
    const fields = toBeSigned === undefined ? [] : children(toBeSigned);
    const hasVersion = fields[0]?.tagClass === asn1.Class.CONTEXT_SPECIFIC;
    const validity = fields[hasVersion ? 4 : 3];
    const [from, until] = validity === undefined ? [] : children(validity);
    return from === undefined || until === undefined ? undefined : { from: time(from), until: time(until) };
  } catch {
    return undefined;
  }
}

function children(node: asn1.Asn1): asn1.Asn1[] {
  return Array.isArray(node.value) ? node.value : [];
}

function time(node: asn1.Asn1): Date {
  const text = typeof node.value === 'string' ? node.value : '';
  return node.type === asn1.Type.UTCTIME ? asn1.utcTimeToDate(text) : asn1.generalizedTimeToDate(text);
}
