import { createServer, type Server, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { visibleWidth } from '../../../src/cli/io/format.ts';
import { expectGolden } from '../../helpers/common/golden.ts';
import { heading, show, type Stand } from '../../helpers/terminal/pty.ts';

const shower = ['node', '--disable-warning=ExperimentalWarning', 'test/helpers/terminal/show.ts'];
const things = [
  'follow',
  'events',
  'status',
  'standing',
  'lists',
  'fleet',
  'check',
  'plan',
  'error',
  'explain',
  'explain-code',
  'steps',
  'help',
];
const stands: [string, Stand][] = [
  ['tty-40', { columns: 40 }],
  ['tty-200', { columns: 200 }],
  ['pipe', {}],
];

/** What is cut or wrapped to the terminal; an error's commands are not, so that they can be copied. */
const drawn = new Set(['status', 'standing', 'fleet', 'check', 'plan', 'explain', 'explain-code', 'steps']);

/** Escape sequences as people can read them in a golden file. */
const readable = (text: string): string => text.replaceAll('\u001b', '<esc>');

const isWider = (line: string, columns: number): boolean =>
  visibleWidth(stripVTControlCharacters(line)) > columns && !/^ {2}fedctl /.test(line);

describe.each(stands)('on %s', (name, stand) => {
  let shown: { code: number; text: string };
  // One process shows them all: most of what a process costs is its start.
  beforeAll(async () => {
    shown = await show([...shower, ...things], stand);
  }, 120_000);

  it.each(things)('%s is as it was looked at', (thing) => {
    expect(shown.code).toBe(0);
    const next = things[things.indexOf(thing) + 1];
    const [, from = ''] = shown.text.split(`${heading(thing)}\n`);
    const [text = ''] = next ? from.split(heading(next)) : [from];
    const lines = text.split('\n');
    if (drawn.has(thing) && stand.columns !== undefined)
      expect(lines.filter((line) => isWider(line, stand.columns ?? 0))).toEqual([]);
    expectGolden(`terminal/${thing}-${name}.txt`, readable(text));
  });
});

describe('colours', () => {
  const colour = /\u001b\[3\d/;
  it('are for terminals, unless NO_COLOR says otherwise', async () => {
    const [on, off, piped, forced] = await Promise.all([
      show([...shower, 'status'], { columns: 80 }),
      show([...shower, 'status'], { columns: 80, env: { NO_COLOR: '1' } }),
      show([...shower, 'status']),
      show([...shower, 'status'], { env: { FORCE_COLOR: '1' } }),
    ]);
    expect([on, off, piped, forced].map(({ text }) => colour.test(text))).toEqual([true, false, false, true]);
    expect(stripVTControlCharacters(on.text)).toBe(off.text);
  }, 60_000);
});

describe('a person at a terminal', () => {
  let silent: Server;
  const sockets = new Set<Socket>();
  const home = mkdtempSync(join(tmpdir(), 'fedctl-home-'));
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    // Takes connections and says nothing: a Temporal server that hangs.
    silent = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    env = { HOME: home, KUBECONFIG: join(home, 'none'), TEMPORAL_ADDRESS: `127.0.0.1:${port}`, NO_COLOR: '1' };
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
    rmSync(home, { recursive: true, force: true });
  });

  it('reads something before any server has answered', async () => {
    const [up, status] = await Promise.all([
      show(['./fedctl', 'up', '-f', 'examples/minimal.yaml'], { columns: 80, env }),
      show(['./fedctl', 'status', 'myfederation'], { columns: 80, env }),
    ]);
    expect(up.text).toMatch(/^reading examples\/minimal\.yaml/);
    expect(status.text).toMatch(/^looking at myfederation/);
    expect([up.code, status.code]).toEqual([1, 1]);
  }, 60_000);

  it('who answers no, or nothing, or Ctrl-C has touched nothing', async () => {
    const down = ['./fedctl', 'down', 'myfederation'];
    const ask = /Type its name to confirm: /;
    const no = await show(down, { columns: 80, env, typed: { after: ask, text: 'nobody\n' } });
    const end = await show(down, { columns: 80, env, typed: { after: ask, text: '\u0004' } });
    const interrupted = await show(down, { columns: 80, env, typed: { after: ask, text: '\u0003' } });
    for (const { code, text } of [no, end, interrupted]) {
      expect({ code, text }).toEqual({ code: 5, text: expect.stringMatching(/declined/) });
      expect(text).not.toMatch(/^\s+at /m);
    }
  }, 60_000);
});
