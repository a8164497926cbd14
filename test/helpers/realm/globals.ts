import type * as jest from '@jest/globals';

/** What jest-circus makes for one test file. */
export type FileGlobals = Pick<
  typeof jest,
  'afterAll' | 'afterEach' | 'beforeAll' | 'beforeEach' | 'describe' | 'expect' | 'it'
>;

let current: FileGlobals | undefined;

/** Says whose tests are defined from here on. */
export function setGlobals(globals: FileGlobals): void {
  current = globals;
}

/** A global of the file whose turn it is: who imports it once, as helpers do, may use it in every file. */
function live<Name extends keyof FileGlobals>(name: Name): FileGlobals[Name] {
  const now = (): FileGlobals[Name] => {
    if (!current) throw new Error(`${name} is there in test files only`);
    return current[name];
  };
  const asks: ProxyHandler<() => void> = {
    apply: (_target, self, args: unknown[]) => Reflect.apply(now() as unknown as () => unknown, self, args) as unknown,
    get: (_target, key) => Reflect.get(now(), key) as unknown,
  };
  return new Proxy(() => {}, asks) as unknown as FileGlobals[Name];
}

export const afterAll = live('afterAll');
export const afterEach = live('afterEach');
export const beforeAll = live('beforeAll');
export const beforeEach = live('beforeEach');
export const describe = live('describe');
export const expect = live('expect');
export const it = live('it');
