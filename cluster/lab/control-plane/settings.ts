import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Layout } from './layout';
import { portNames } from './ports';
import type { Ports } from './ports';

const port = z.int().min(1).max(65535);
const settings = z.object({
  ports: z.object(Object.fromEntries(portNames.map((name) => [name, port])) as Record<keyof Ports, typeof port>),
});

/** The ports a lab was given, or undefined before its first start or when the note of them cannot be read. */
export async function readPorts(layout: Layout): Promise<Ports | undefined> {
  try {
    const text = await readFile(layout.settings, 'utf8');
    return settings.parse(JSON.parse(text)).ports;
  } catch {
    return undefined; // Ports are chosen anew; nothing else is lost.
  }
}

/** Remembers the ports, all or none of them. */
export async function writePorts(layout: Layout, ports: Ports): Promise<void> {
  const draft = `${layout.settings}.draft`;
  await writeFile(draft, `${JSON.stringify({ ports }, undefined, 2)}\n`);
  await rename(draft, layout.settings);
}
