/**
 * `Reflect.defineMetadata` and its readers, which tsyringe (inside @peculiar/x509) refuses to load without. It asks for
 * the metadata of classes only, its own and their parents'; that much is here.
 */
type Metadata = Map<string, unknown>;
type WithMetadata = {
  defineMetadata?: (key: string, value: unknown, target: object) => void;
  getOwnMetadata?: (key: string, target: object) => unknown;
  getMetadata?: (key: string, target: object) => unknown;
};

const known = new WeakMap<object, Metadata>();

const getOwnMetadata = (key: string, target: object): unknown => known.get(target)?.get(key);

const getMetadata = (key: string, target: object): unknown => {
  for (let at: object | null = target; at; at = Object.getPrototypeOf(at) as object | null) {
    if (known.get(at)?.has(key)) return getOwnMetadata(key, at);
  }
  return undefined;
};

const defineMetadata = (key: string, value: unknown, target: object): void => {
  const own = known.get(target) ?? new Map<string, unknown>();
  known.set(target, own.set(key, value));
};

const reflect = Reflect as WithMetadata;
// Who brings a whole polyfill keeps it.
if (!reflect.getMetadata) Object.assign(reflect, { defineMetadata, getOwnMetadata, getMetadata });

/** The certificate library; imported only now, because a CommonJS module may be run before the lines above. */
export const x509 = await import('@peculiar/x509');
