// Node itself loads test files, TypeScript and all, once a worker (test/helpers/realm/runtime.ts): no module mocks exist,
// which suits us: fakes are injected.
const common = {
  testEnvironment: 'node',
  runtime: '<rootDir>/test/helpers/realm/runtime.ts',
  transform: {},
};
const project = (name, folders, more = {}) => ({
  ...common,
  ...more,
  displayName: name,
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
});
/** Temporal's own log, for projects that run workers. */
const quiet = { setupFiles: ['<rootDir>/test/setup.ts'] };
/** The sandbox of the worker, for projects that use one. */
const sandboxed = { setupFiles: ['<rootDir>/test/sandbox.ts'] };

export default {
  // Temporal's native runtime keeps a thread for as long as its process: jest would wait for it.
  forceExit: true,
  projects: [
    project('unit', [
      'spec',
      'errors',
      'kubernetes',
      'images',
      'cluster-dns',
      'catalogue',
      'graph',
      'plan',
      'distributions',
      'run',
      'cli',
      'files',
      'sandbox',
      'tools',
    ]),
    project('activities', ['activities'], quiet),
    project('workflows', ['workflows'], quiet),
    project('contract', ['contract']),
    project('e2e', ['e2e'], sandboxed),
    project('ui', ['ui'], sandboxed),
    project('crash', ['crash'], sandboxed),
  ],
};
