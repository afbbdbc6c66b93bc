import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/**
 * Whether a file backend is locked by runs of this machine that are no more: a Pulumi that was killed leaves its lock behind, and every later run would refuse.
 * @param backend - folder of the backend
 */
export function lockedByTheDead(backend: string): boolean {
  const locks = join(backend, '.pulumi', 'locks');
  if (!existsSync(locks)) return false;
  const files = readdirSync(locks, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
  const holders = files.map(
    (file) => JSON.parse(readFileSync(join(locks, file), 'utf8')) as { pid: number; hostname: string },
  );
  return holders.length > 0 && holders.every((holder) => holder.hostname === hostname() && !isAlive(holder.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
