import { existsSync } from 'node:fs';
import path from 'node:path';

/** Root folder of this project, whether the code runs file by file or bundled: the nearest folder above with a lock file. */
export const projectRoot = withLockFile(__dirname);

function withLockFile(folder: string): string {
  const above = path.dirname(folder);
  return above === folder || existsSync(path.join(folder, 'package-lock.json')) ? folder : withLockFile(above);
}
