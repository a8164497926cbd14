import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { parseFederation } from '../src/distributions/parse.ts';
import { chartKeysPage } from './docs/chart-keys-page.ts';
import { commandsPage } from './docs/commands-page.ts';
import { errorsPage } from './docs/errors-page.ts';
import { faultsPage } from './docs/faults-page.ts';
import { flowPage } from './docs/flow-page.ts';
import { withRoomsTable } from './docs/rooms-table.ts';
import { specPage } from './docs/spec-page.ts';
import { specSchema } from './docs/spec-schema.ts';

// Writes the pages of docs/ that the code knows best; with --check only says which of them are stale.
const root = new URL('../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

async function pages(): Promise<[path: string, text: string][]> {
  const file = 'examples/full.yaml';
  const example = await read(file);
  const full = parseFederation({ file, text: example });
  if (!full.ok) throw new Error(`${file} is no good spec: fedctl check -f ${file}`);
  const schema = specSchema();
  return [
    ['docs/spec.md', specPage(schema, example)],
    ['docs/spec.schema.json', JSON.stringify(schema)],
    ['docs/commands.md', await commandsPage()],
    ['docs/errors.md', errorsPage()],
    ['docs/faults.md', faultsPage()],
    ['docs/flow.md', flowPage(full.spec)],
    ['docs/chart-keys.md', chartKeysPage()],
    ['CONTRIBUTING.md', withRoomsTable(await read('CONTRIBUTING.md'))],
  ];
}

/** As prettier would leave it, though .prettierignore keeps generated files out of its rounds. */
const pretty = async (path: string, text: string): Promise<string> =>
  format(text, { ...(await resolveConfig(new URL(path, root))), filepath: path });

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, text] of await pages()) {
  const wanted = await pretty(path, text);
  const there = await read(path).catch(() => '');
  if (there === wanted) continue;
  stale.push(path);
  if (!check) await writeFile(new URL(path, root), wanted);
}
if (stale.length > 0) console.log(`${check ? 'stale' : 'written'}: ${stale.join(', ')}`);
if (check && stale.length > 0) {
  console.error('run: npm run docs');
  process.exitCode = 1;
}
