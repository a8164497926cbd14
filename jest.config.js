// Native ESM (NODE_OPTIONS from package.json): no module mocks exist in this mode, which suits us: fakes are injected.
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  clearMocks: true,
};
const project = (name, folders) => ({
  ...common,
  displayName: name,
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
});

export default {
  projects: [
    project('unit', ['spec', 'plan', 'distributions', 'run', 'cli', 'errors', 'sandbox', 'tools']),
    project('activities', ['activities']),
    project('workflows', ['workflows']),
    project('contract', ['contract']),
    project('e2e', ['e2e']),
  ],
};
