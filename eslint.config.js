import { builtinModules } from 'node:module';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { rooms, roomsIn } from './rooms.js';

const builtins = builtinModules.flatMap((name) => [name, `node:${name}`]);
const sdks = ['@kubernetes/client-node', '@google-cloud/dns', '@aws-sdk/*'];
const ban = (group, message, allowTypeImports = false) => ({ group, message, allowTypeImports });
const noBuiltins = { regex: `^(${builtins.join('|')})$`, message: 'pure code: it also runs in the workflow sandbox' };
const noSdks = ban(sdks, 'only activities/clients/* imports SDKs');

/** Which packages a room may not name, and why. */
function packagesOf({ room, isPure }) {
  if (room === 'workflows') {
    const temporal = ['@temporalio/*', '!@temporalio/workflow', '!@temporalio/common'];
    return [noBuiltins, ban([...sdks, ...temporal], 'the workflow sandbox has no SDK')];
  }
  if (room.startsWith('activities/clients/')) return [];
  if (!isPure) return [noSdks];
  const temporal =
    room === 'src/run' ? ['@temporalio/*', '!@temporalio/workflow', '!@temporalio/common'] : ['@temporalio/*'];
  return [noBuiltins, noSdks, ban(temporal, 'pure code: of Temporal only what defines names, in src/run')];
}

const roots = ['src', 'activities', 'workflows', 'worker', 'sandbox', 'scripts', 'bench', 'test'];
const filesOf = (room) => `**/${room}/*.ts`;

/** A room's rule: it imports itself, the rooms of its row, types of those that it may have types of, and nothing else. */
const ruleOf = (row) => ({
  files: [`${row.room}/*.ts`],
  rules: {
    'import-x/no-restricted-paths': [
      'error',
      {
        zones: [
          {
            target: `./${row.room}`,
            from: roots.map((root) => `./${root}/**`),
            except: [...new Set([row.room, ...roomsIn([...row.imports, ...row.types])])].map(filesOf),
            message: `rooms.js says what ${row.room} may import.`,
          },
        ],
      },
    ],
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...packagesOf(row),
          ...roomsIn(row.types).map((room) => ban([`**/${room.replace('src/', '')}/*`], 'types only', true)),
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['node_modules/**', 'dist/**', '_output/**', 'tools/**', 'coverage/**', 'out/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js'] } } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'no-console': 'error',
      complexity: ['error', 12],
      'max-depth': ['error', 4],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 5],
      'prefer-const': 'error',
      eqeqeq: 'error',
    },
  },
  ...rooms.map(ruleOf),
  {
    files: ['src/cli/io/io.ts', 'scripts/**/*.ts', 'sandbox/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines': 'off', complexity: 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
