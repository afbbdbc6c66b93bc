import { z } from 'zod';
import type { Answer } from './connection';

const causeSchema = z.object({ field: z.string().default(''), message: z.string().default('') });
/** Kubernetes' Status, in which the API server says why not. */
const statusSchema = z.object({
  message: z.string(),
  reason: z.string().optional(),
  details: z.object({ causes: z.array(causeSchema).default([]) }).optional(),
});

/** The API server's own words, without those that only repeat which object it is. Of an invalid object: each field that is wrong. */
export function refusalText({ status, body }: Pick<Answer, 'status' | 'body'>): string {
  const said = statusSchema.safeParse(body);
  if (!said.success) return `answer ${status}`;
  const { message, reason, details } = said.data;
  // `<nil>` is that the rest was not checked, or the same once more.
  const causes = reason === 'Invalid' ? (details?.causes ?? []).filter(({ field }) => field !== '<nil>') : [];
  const lines = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  if (lines.length > 1) return lines.map((line) => `* ${line}`).join('\n    ');
  return lines[0] ?? message.replace(/^failed to create typed patch object \([^)]*\): /, '');
}
