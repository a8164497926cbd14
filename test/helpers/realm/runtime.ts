import { enableCompileCache, registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import jestRuntime from 'jest-runtime';
import { type FileGlobals, setGlobals } from './globals.ts';

// Its types are those of its CommonJS side; what Node loads here is the class itself.
const Runtime = jestRuntime as unknown as typeof jestRuntime.default;

// What Node made of our TypeScript, and of packages.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/compiled', import.meta.url)));

// `@jest/globals` throws outside of jest's own loader.
const globals = new URL('./globals.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals'
      ? { url: globals, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
});

/** What expect.any() compares by identity. */
const shared = ['Array', 'BigInt', 'Boolean', 'Date', 'Error', 'Function', 'Map', 'Number', 'Object', 'Set', 'String'];

/** ms that every test and hook has, whatever it asks for: what hangs still ends, and a slow machine fails nothing. */
const patience = 300_000;

interface Begun {
  timeout?: number | null | undefined;
}

/** jest-circus tells the environment of what it does, before it does it. */
function wait(event: { name: string; test?: Begun; hook?: Begun }): void {
  const begun = event.name === 'test_start' ? event.test : event.name === 'hook_start' ? event.hook : undefined;
  if (begun) begun.timeout = Math.max(begun.timeout ?? 0, patience);
}

type Given = ConstructorParameters<typeof Runtime>;

/**
 * Test files in Node's own realm, loaded by Node's own loader: a worker loads each module once for all of its files, and
 * not anew for each in a vm context. What is lost is that a module's state was new for every file, and mocks of modules;
 * nothing here needs either.
 */
class OneRealm extends Runtime {
  constructor(...given: Given) {
    super(...given);
    const [, environment] = given;
    environment.handleTestEvent = wait;
    const global = environment.global as unknown as Record<string, unknown>;
    for (const name of shared) global[name] = (globalThis as unknown as Record<string, unknown>)[name];
  }

  override setGlobalsForRuntime(given: Parameters<InstanceType<typeof Runtime>['setGlobalsForRuntime']>[0]): void {
    setGlobals(given as FileGlobals);
    super.setGlobalsForRuntime(given);
  }

  override unstable_shouldLoadAsEsm(): boolean {
    return true;
  }

  override unstable_importModule(path: string): Promise<unknown> {
    return import(pathToFileURL(path).href);
  }
}

// jest requires this file, and takes what is its CommonJS side.
export { OneRealm as 'module.exports' };
