import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { type BuildLog, openBuildLog } from '../../../activities/images/build-log.ts';
import { plainLine } from '../../../activities/images/build-lines.ts';
import { commandFailure, runChild } from '../../../activities/images/build-process.ts';
import { bug } from '../../../activities/kit/fail.ts';
import type { BuildScope } from '../../../activities/core/step.ts';
import { distributionOf } from '../../../src/distributions/table.ts';

let stateFolder: string;
let told: string[];
let warned: object[];
let scope: BuildScope;
beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'fedctl-build-'));
  scope = scopeIn(stateFolder);
});
const mounted: string[] = [];
afterAll(() => mounted.forEach((folder) => execFileSync('umount', [folder])));

function scopeIn(folder: string): BuildScope {
  [told, warned] = [[], []];
  const log = { info: () => undefined, warn: (data: object) => void warned.push(data) };
  return {
    deps: { log, stateFolder: folder } as unknown as BuildScope['deps'],
    run: { federation: 'fed' } as BuildScope['run'],
    distribution: distributionOf('federation'),
    step: 'images/binaries',
    signal: new AbortController().signal,
    tell: (detail) => void told.push(detail),
  };
}
const folder = (): string => join(stateFolder, 'builds', 'fed');

/** Runs a shell script into a log of its own; answers the log, closed. */
async function run(script: string, silentFor?: number): Promise<{ log: BuildLog; error: unknown; status: number }> {
  const log = await openBuildLog(scope);
  const command = { argv: ['sh', '-c', script], env: process.env };
  const ended = await runChild(command, { signal: scope.signal, log, silentFor }).then(
    ({ status }) => ({ status, error: undefined }),
    (error: unknown) => ({ status: -1, error }),
  );
  await log.close();
  return { log, ...ended };
}
const textOf = (log: BuildLog): string => readFileSync(log.path, 'utf8');

describe('the output of a build', () => {
  it.each([
    ['in lines', 'yes "$(printf "%0250d" 0 | fold -w 50 | tr "\\n" " ")" | head -c 50000000; echo; echo the end'],
    ['in one line', 'head -c 300000000 /dev/zero | tr "\\0" x; echo; echo the end'],
    ['that is binary', 'head -c 12000000 /dev/urandom; echo; echo the end'],
  ])(
    'fills neither memory nor disk: %s',
    async (_what, script) => {
      const before = process.memoryUsage().rss;
      let most = before;
      const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
      const { log, status } = await run(script);
      clearInterval(timer);
      expect(status).toBe(0);
      expect((most - before) / 1e6).toBeLessThan(220);
      expect(statSync(log.path).size).toBeLessThan(34 * 2 ** 20);
      expect(log.tail()).toMatch(/the end$/);
      expect(textOf(log)).toMatch(/the end\n$/);
    },
    120_000,
  );

  it('is cut in the file after 32 MiB, and its last lines follow', async () => {
    const { log } = await run('yes "$(printf "%0250d" 0 | fold -w 50 | tr "\\n" " ")" | head -n 150000; echo the end');
    const text = textOf(log);
    expect(text.split('… cut\n')).toHaveLength(2);
    expect(text.split('… cut\n')[1]).toMatch(/^… \d+ bytes are left out; the last lines:\n(0{50} .*\n){14}the end\n$/);
  }, 60_000);

  it('shows its last five lines and the path of the log while it runs, in less than a kilobyte', async () => {
    const { log } = await run(`for i in 1 2 3 4 5 6 7 8; do echo "line $i"; done; sleep 0.6; printf '%0900d\\n' 1 2 3`);
    const lines = told.find((detail) => detail.includes('line 8'))?.split('\n');
    expect(lines).toEqual([`log: ${log.path}`, ...[4, 5, 6, 7, 8].map((number) => `line ${number}`)]);
    for (const detail of told) expect(Buffer.byteLength(detail)).toBeLessThanOrEqual(1_000);
  });

  it('says no more than a few words a second to status, however many lines there are', async () => {
    await run('seq 1 40000');
    expect(told.length).toBeLessThan(60);
  }, 30_000);

  it('holds nothing that moves a cursor, changes a title or rings a bell', async () => {
    const { log } = await run(
      `printf '\\033[31mred\\033[0m\\a\\tplain\\033]0;a title\\007\\r\\n10%%\\r50%%\\r100%%\\nend\\033[2J\\n'`,
    );
    expect(textOf(log).split('\n').slice(1)).toEqual(['red\tplain', '10%', '50%', '100%', 'end', '']);
    expect(plainLine('\u009b31mx\u0000\u007f')).toBe('31mx');
  });

  it('of five attempts is kept, the latest under the plain name', async () => {
    for (const number of [1, 2, 3, 4, 5, 6]) await run(`echo attempt ${number}`);
    const name = 'images-binaries.log';
    expect(readdirSync(folder()).sort()).toEqual([name, ...[1, 2, 3, 4].map((number) => `${name}.${number}`)]);
    expect(readFileSync(join(folder(), name), 'utf8')).toContain('attempt 6');
    expect(readFileSync(join(folder(), `${name}.4`), 'utf8')).toContain('attempt 2');
  });
});

describe('a build that hangs', () => {
  it('is ended with its group after the silence that the spec allows, with the path of the log', async () => {
    const pid = join(stateFolder, 'pid');
    const { log, error } = await run(`echo a word; sleep 300 & echo $! > ${pid}; wait`, 700);
    expect(error).toMatchObject({ type: 'BUILD_HUNG', nonRetryable: true, details: [{ log: log.path }] });
    expect((error as Error).message).toContain(log.path);
    expect((error as Error).message).toMatch(/printed nothing for .* and was killed/);
    expect((error as Error).message).toMatch(/a word$/);
    expect(existsSync(`/proc/${readFileSync(pid, 'utf8').trim()}/root`)).toBe(false);
  }, 20_000);

  it('is none as long as it says something', async () => {
    const { status } = await run('for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.25; done', 1_500);
    expect(status).toBe(0);
  }, 20_000);
});

describe('a disk that is full', () => {
  it('is named by what the tool says', async () => {
    const log = await openBuildLog(scope);
    const command = { argv: ['sh', '-c', 'echo x > /dev/full'], env: process.env };
    const ended = await runChild(
      { ...command, argv: ['cp', '/etc/passwd', '/dev/full'] },
      { signal: scope.signal, log },
    );
    expect(ended.status).not.toBe(0);
    expect(commandFailure('BUILD_FAILED', command, ended, log)).toMatchObject({ type: 'DISK_FULL' });
    await log.close();
  });

  it('is named where the worker cannot write itself', async () => {
    const small = join(stateFolder, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k,nr_inodes=1', 'tmpfs', small]);
    mounted.push(small);
    const error = await openBuildLog(scopeIn(small)).catch((thrown: unknown) => bug(thrown));
    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ type: 'DISK_FULL', nonRetryable: true });
    expect((error as Error).message).toContain(join(small, 'builds'));
    expect((error as Error).message).toContain('ENOSPC');
  });

  it('ends no build when only its log cannot be written', async () => {
    const small = join(stateFolder, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
    mounted.push(small);
    scope = scopeIn(small);
    const { log, status } = await run('seq 1 40000; echo the end');
    expect(status).toBe(0);
    expect(log.tail()).toMatch(/the end$/);
    expect(warned).toEqual([expect.objectContaining({ path: log.path })]);
  }, 30_000);
});
