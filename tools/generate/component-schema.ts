import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Analyzer } from '@pulumi/pulumi/provider/experimental/analyzer';
import { generateSchema } from '@pulumi/pulumi/provider/experimental/schema';
import { format, resolveConfig } from 'prettier';
import { description, version } from '../../package.json';

/** Writes the schema of the component package from the classes in components/ and their TSDoc: `npm run generate`. */
export const schemaFile = join(__dirname, '..', '..', 'components', 'schema.json');

export const componentNames = [
  'Addons',
  'App',
  'Bookinfo',
  'CertManager',
  'ControlPlane',
  'Gateway',
  'Namespace',
  'Objects',
  'Routes',
];

export async function componentSchema(): Promise<string> {
  const analyzer = new Analyzer(join(schemaFile, '..'), 'meshwright', { name: 'meshwright' }, new Set(componentNames));
  const { components, typeDefinitions } = analyzer.analyze();
  // A schema that names another package makes every program install that package's plugin. Outputs that are resources
  // of another package are for TypeScript only.
  for (const { outputs } of Object.values(components)) {
    for (const [name, output] of Object.entries(outputs)) {
      if ('$ref' in output && output.$ref.startsWith('/')) Reflect.deleteProperty(outputs, name);
    }
  }
  const schema = generateSchema('meshwright', version, description, components, typeDefinitions, [], undefined);
  return format(JSON.stringify(schema), { ...(await resolveConfig(schemaFile)), filepath: schemaFile });
}

if (require.main === module) void componentSchema().then((schema) => writeFileSync(schemaFile, schema));
