import { builtinModules } from 'node:module';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const builtins = builtinModules.flatMap((name) => [name, `node:${name}`]);
const sdks = ['@kubernetes/client-node', '@google-cloud/dns', '@aws-sdk/*'];
const temporal = ['@temporalio/*'];

/** Rooms of src/ that also run in the workflow sandbox. */
const pure = 'spec,errors,kubernetes,images,cluster-dns,catalogue,graph,plan,status,distributions';

/** One folder's import rule: what it may not name, and why. */
const forbid = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});
const ban = (group, message, allowTypeImports = false) => ({ group, message, allowTypeImports });
const noBuiltins = { regex: `^(${builtins.join('|')})$`, message: 'pure code: it also runs in the workflow sandbox' };
const effects = (allowTypes) => ({
  regex: '(^|/)(activities|worker|sandbox)/',
  message: 'data flows one way: spec, plan, workflow, activity',
  allowTypeImports: allowTypes,
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
  // Only the three places that talk to SDKs may name them.
  forbid(
    ['src/**/*.ts', 'worker/**/*.ts', 'activities/**/*.ts'],
    [ban(sdks, 'only activities/clients/* imports SDKs')],
    ['activities/clients/**', `src/{${pure},run}/**`, 'src/cli/**'],
  ),
  forbid([`src/{${pure}}/**/*.ts`], [noBuiltins, ban([...sdks, ...temporal], 'pure code: no SDK'), effects(true)]),
  forbid(
    ['src/run/**/*.ts'],
    [
      noBuiltins,
      ban(sdks, 'pure code: no SDK'),
      ban(
        ['@temporalio/*', '!@temporalio/workflow', '!@temporalio/common'],
        'only the define* functions of @temporalio/workflow and @temporalio/common',
      ),
      effects(true),
    ],
  ),
  forbid(
    ['src/cli/**/*.ts'],
    [
      ban(sdks, 'only activities/clients/* imports SDKs'),
      ban(['**/activities/**'], 'the CLI reaches activities through worker/local.ts alone', true),
    ],
  ),
  forbid(
    ['workflows/**/*.ts'],
    [
      noBuiltins,
      ban(
        [...sdks, '@temporalio/*', '!@temporalio/workflow', '!@temporalio/common'],
        'the workflow sandbox has no SDK',
      ),
      effects(true),
    ],
  ),
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
