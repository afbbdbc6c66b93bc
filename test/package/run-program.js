// Runs a program in a folder outside the checkout with Pulumi's engine: node run-program.js <program> <operation>...
// A program in JavaScript runs in this process, as no registry has Pulumi's language host for Node; a folder is a
// project of its own. Prints one line of JSON for each operation.
'use strict';
const { mkdirSync, rmSync, symlinkSync } = require('node:fs');
const { resolve } = require('node:path');
const { LocalWorkspace, PulumiCommand } = require('@pulumi/pulumi/automation');

async function main(program, operations) {
  const { PULUMI_PROGRAM, POLICY_PACK, STACK_CONFIG = '{}' } = process.env;
  const isFolder = !program.endsWith('.js');
  mkdirSync('cli/bin', { recursive: true });
  rmSync('cli/bin/pulumi', { force: true });
  symlinkSync(PULUMI_PROGRAM, 'cli/bin/pulumi');
  const options = {
    pulumiHome: resolve('home'),
    pulumiCommand: await PulumiCommand.get({ root: resolve('cli') }),
    envVars: { PULUMI_BACKEND_URL: `file://${resolve('state')}` },
  };
  mkdirSync('state', { recursive: true });
  const load = () => {
    for (const file of Object.keys(require.cache)) {
      if (!file.includes('node_modules')) Reflect.deleteProperty(require.cache, file);
    }
    const made = require(resolve(program));
    return Promise.resolve(typeof made === 'function' ? made() : { ...made });
  };
  const stack = await (isFolder
    ? LocalWorkspace.createOrSelectStack({ stackName: 'dev', workDir: resolve(program) }, options)
    : LocalWorkspace.createOrSelectStack(
        { stackName: 'dev', projectName: 'shop', program: load },
        { ...options, workDir: process.cwd() },
      ));
  for (const [key, value] of Object.entries(JSON.parse(STACK_CONFIG))) await stack.setConfig(key, { value });
  for (const operation of operations) {
    const events = [];
    const settings = {
      onEvent: (event) => events.push(event),
      ...(POLICY_PACK === undefined ? {} : { policyPacks: [POLICY_PACK] }),
    };
    const failure = await stack[operation](settings).then(
      () => undefined,
      (error) => error.message,
    );
    const outputs = operation === 'up' && failure === undefined ? await stack.outputs() : {};
    console.log(JSON.stringify({ ...summary(events), outputs, ...(failure === undefined ? {} : { failure }) }));
  }
}

function summary(events) {
  const steps = events.flatMap(({ resourcePreEvent: { metadata } = {} }) =>
    metadata === undefined || metadata.type.startsWith('pulumi:')
      ? []
      : [`${metadata.op} ${metadata.type} ${metadata.urn.split('::').at(-1)}`],
  );
  const messages = events.flatMap(({ diagnosticEvent, policyEvent }) => [
    ...(diagnosticEvent === undefined || /debug|info#/.test(diagnosticEvent.severity) ? [] : [diagnosticEvent.message]),
    ...(policyEvent === undefined ? [] : [policyEvent.message]),
  ]);
  return { steps: [...new Set(steps)].sort(), messages };
}

const [program, ...operations] = process.argv.slice(2);
main(program, operations).catch((error) => {
  console.error(error);
  process.exit(1);
});
