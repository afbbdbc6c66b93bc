import Module, { createRequire } from 'node:module';

/**
 * Defers what Pulumi's SDK loads at start and needs only to serialize functions or to drive Pulumi's command. It is more than half of the SDK's load time. Import this before `@pulumi/pulumi`.
 */
const fromSdk = createRequire(require.resolve('@pulumi/pulumi'));

for (const name of ['typescript', '@npmcli/arborist', './automation']) {
  const file = resolved(name);
  // The SDK has a substitute for a package that is not installed.
  if (file !== undefined && require.cache[file] === undefined) defer(file);
}

function resolved(name: string): string | undefined {
  try {
    return fromSdk.resolve(name);
  } catch {
    return undefined;
  }
}

/** Puts a stand-in into Node's cache of modules, which loads the module when one of its exports is read. */
function defer(file: string): void {
  let loaded: object | undefined;
  const load = (): object => {
    if (loaded === undefined) {
      Reflect.deleteProperty(require.cache, file);
      loaded = fromSdk(file) as object;
    }
    return loaded;
  };
  const exports = new Proxy(
    {},
    {
      // The importer keeps a reference to an ES module. Of any other module it would copy, and so read, every export.
      get: (_, key) => (key === '__esModule' ? true : (Reflect.get(load(), key) as unknown)),
      has: (_, key) => Reflect.has(load(), key),
      // A bundle's import() copies all exports by name.
      ownKeys: () => Reflect.ownKeys(load()),
      getOwnPropertyDescriptor: (_, key) => {
        const found = Reflect.getOwnPropertyDescriptor(load(), key);
        return found && { ...found, configurable: true };
      },
    },
  );
  require.cache[file] = Object.assign(new Module(file), { loaded: true, exports });
}
