import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { policy as policySchema, type PolicySettings } from '../../config/schema/policy';
import { cycles } from '../../config/yaml-cycles';
import { userError, UserError } from '../errors';

/**
 * Options of the check from a YAML file, with the keys of `meshwright:policy`.
 * @throws UserError listing everything that is wrong in it.
 */
export function readOptions(file: string): PolicySettings {
  const parsed = policySchema.safeParse(yamlOf(file));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '));
  throw userError(`${file} is no file of options, nothing was judged:`, problems);
}

function yamlOf(file: string): unknown {
  try {
    const document = parseDocument(readFileSync(file, 'utf8'));
    const [mistake] = [...document.errors, ...cycles(document)];
    if (mistake !== undefined) throw new Error(mistake.message);
    return (document.toJS() as unknown) ?? {};
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
