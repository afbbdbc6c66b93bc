import { existsSync } from 'node:fs';
import path from 'node:path';

/** The checkout that holds this code, whether it runs file by file or bundled: the nearest folder above with a lock file. */
export const checkout = holding(__dirname);

function holding(folder: string): string {
  const above = path.dirname(folder);
  return above === folder || existsSync(path.join(folder, 'package-lock.json')) ? folder : holding(above);
}
