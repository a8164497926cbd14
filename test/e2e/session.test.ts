import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { show } from '../helpers/terminal/pty.ts';
import { play, recordedSession, type Screen, shapeOf, writeSession } from '../helpers/terminal/session.ts';
import { asBefore, namesOf } from './objects.ts';
import { succeeded } from './runs.ts';
import { Operator, root } from './world.ts';

const name = 'myfederation';
const members = ['member-1', 'member-2'];
const columns = 80;

/**
 * The terminal session of the README, on a real terminal of 80 columns. UPDATE_GOLDEN=1 records it anew; otherwise what
 * stands there must still be what the commands print, but for times, addresses and digests.
 */
describe('the session in the README', () => {
  let operator: Operator;
  let before: string[];

  beforeAll(async () => {
    operator = await Operator.create('session');
    before = await namesOf(operator, members);
    await operator.spec(name);
    await operator.startWorker();
  }, 120_000);
  afterAll(() => operator?.close());

  /** Runs a command as the README shows it, and answers what the terminal showed. */
  const typed = async (line: string): Promise<Screen> => {
    const [program = '', ...args] = line.split(' ');
    const argv = [program === 'fedctl' ? join(root, 'fedctl') : program, ...args];
    const { CI: _ci, ...env } = operator.env;
    const { code, text } = await show(argv, { columns, env, cwd: operator.folder });
    expect({ code, text: code === 0 ? '' : text.slice(-2_000) }).toEqual({ code: 0, text: '' });
    // The only thing that is put differently than it was printed: the folder of this test.
    return play(text.replaceAll(operator.folder, '~'));
  };

  /** The same, once the worker answers: `status` gives a busy one two seconds. */
  const answered = async (line: string): Promise<Screen> => {
    for (let tries = 1; ; tries += 1) {
      const screen = await typed(line);
      if (tries === 20 || !screen.last.some((text) => text.includes('no worker answered'))) return screen;
    }
  };

  it('is what a turn-up and its status print now', async () => {
    const lines = {
      up: `fedctl up -f federation.yaml --yes`,
      status: `fedctl status ${name}`,
      clusters: 'kubectl --context=federation-cluster get clusters',
    };
    const up = await typed(lines.up);
    const status = await answered(lines.status);
    const clusters = await typed(lines.clusters);
    const middle = up.pictures.findLast((picture) => picture.some((line) => line.startsWith('▸ clusters'))) ?? [];
    const now = [
      ...[`$ ${lines.up}`, ...middle, '...', ...up.last, ''],
      ...[`$ ${lines.status}`, ...status.last, ''],
      ...[`$ ${lines.clusters}`, ...clusters.last],
    ].join('\n');
    if (process.env['UPDATE_GOLDEN']) writeSession(now);
    expect(middle.join('\n')).toMatch(/▸ clusters {2}\d\/2/);
    // Which moment the picture in the middle shows is chance; test/cli/session.test.ts holds its words.
    const steady = (text: string): string[] => text.slice(text.indexOf('\n...\n')).split('\n').map(shapeOf);
    expect(steady(recordedSession())).toEqual(steady(now));
  }, 300_000);

  it('leaves nothing', async () => {
    succeeded(await operator.fedctl('down', name, '--yes', '--volumes', 'delete'));
    await asBefore(operator, members, before);
  }, 240_000);
});
