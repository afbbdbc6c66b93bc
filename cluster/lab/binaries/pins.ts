import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LabError } from '../errors';
import { moduleDir } from './go';

/** Version of a module that go.mod pins, such as `v1.36.3`. Read as text, because finding programs must not need Go. */
export async function pinnedVersion(module: string): Promise<string> {
  const file = path.join(moduleDir, 'go.mod');
  const text = await readFile(file, 'utf8');
  for (const line of text.split('\n')) {
    const [name, version] = line
      .replace(/^require /, '')
      .trim()
      .split(/\s+/);
    if (name === module && version !== undefined) return version;
  }
  throw new LabError(`${file} pins no version of ${module}`);
}
