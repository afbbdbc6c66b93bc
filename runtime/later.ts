import Module from 'node:module';

/**
 * What Pulumi's SDK loads at once, and needs only to turn functions into text, for dynamic providers and callbacks in a cloud, or to drive Pulumi's command. Nothing here does either, and it makes up more
 * than half of the time that it takes to load the SDK: it is loaded when somebody asks it for something. To be imported before the SDK is.
 */
const later: ReadonlySet<string> = new Set(['typescript', '@npmcli/arborist', './automation']);
const sdk = /[\\/]@pulumi[\\/]pulumi[\\/]/;

type Load = (request: string, parent?: { filename?: string | null }, isMain?: boolean) => object;
/** Node has this function for whoever wants to have a say in what is loaded, but not in its types. */
const loader = Module as unknown as { _load: Load; _resolveFilename: (...args: Parameters<Load>) => string };
const load = loader._load;

loader._load = function (this: unknown, request, parent, isMain) {
  if (!later.has(request) || !sdk.test(parent?.filename ?? '')) return load.call(this, request, parent, isMain);
  // One that is missing is missed at once: the SDK then takes another.
  loader._resolveFilename(request, parent, isMain);
  return deferred(() => load.call(this, request, parent, isMain));
};

/** Stands for a module until somebody reads anything of it. That it is one of ES keeps the importer from copying all that is in it. */
function deferred(make: () => object): object {
  let made: object | undefined;
  const whole = (): object => (made ??= make());
  return new Proxy(
    {},
    {
      get: (_, key) => (key === '__esModule' ? true : (Reflect.get(whole(), key) as unknown)),
      has: (_, key) => Reflect.has(whole(), key),
    },
  );
}
