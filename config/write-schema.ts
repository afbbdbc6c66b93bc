import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackFileJsonSchema } from './json-schema';

/** The file that the stack files name in their first line. */
export const schemaFile = join(__dirname, 'settings.schema.json');

/** The content of {@link schemaFile}. */
export function schemaText(): string {
  return `${JSON.stringify(stackFileJsonSchema(), null, 1)}\n`;
}

if (require.main === module) writeFileSync(schemaFile, schemaText());
