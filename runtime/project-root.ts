import { existsSync } from 'node:fs';
import path from 'node:path';

/** Root folder of this project, whether the code runs from source, bundled, or from an npm package: the nearest folder above that has cluster/api. */
export const projectRoot = withCluster(__dirname);

/** Folder of the user's project: the checkout, or the working directory if this is an installed package. */
export const userRoot = projectRoot.split(path.sep).includes('node_modules') ? process.cwd() : projectRoot;

function withCluster(folder: string): string {
  const above = path.dirname(folder);
  return above === folder || existsSync(path.join(folder, 'cluster', 'api')) ? folder : withCluster(above);
}
