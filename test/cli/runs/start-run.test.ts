import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { describe, expect, it } from '@jest/globals';
import { CliError, exit } from '../../../src/cli/io/exit.ts';
import { followToEnd, startAndFollow, type WantedRun } from '../../../src/cli/runs/start-run.ts';
import type { RunInput } from '../../../src/run/input.ts';
import type { Temporal } from '../../../src/temporal/client.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';

const input = {
  operation: 'down',
  federation: 'prod',
  uuid: 'uuid',
  startedBy: 'ann@host',
  host: { context: 'host', namespace: 'prod' },
  digest: 'sha256:1',
} as RunInput;

/** Temporal with one run of `down`, in this execution status; `open`: it is there before the command. */
function temporalWith(status: string, open = false): Temporal {
  const memo = { operation: 'down', digest: 'sha256:1', flags: [] };
  const describeRun = async () => ({
    runId: 'the-run',
    status: { name: status },
    raw: {},
    startTime: new Date(0),
    closeTime: status === 'RUNNING' ? undefined : new Date(1),
    memo,
  });
  const start = async () => {
    if (open) throw new WorkflowExecutionAlreadyStartedError('it is open', 'federation/prod', 'federationDown');
    return { firstExecutionRunId: 'the-run' };
  };
  const query = () => Promise.reject(new Error('no worker'));
  const workflow = { start, getHandle: () => ({ describe: describeRun, query }), list: async function* () {} };
  const none = () => Promise.reject(new Error('not asked'));
  const connection = {
    withDeadline: (_at: number, act: () => Promise<unknown>) => act(),
    operatorService: { listSearchAttributes: none },
    workflowService: { describeTaskQueue: none },
  };
  const found = { client: { workflow }, connection, address: 'temporal:7233', namespace: 'ns', ui: 'http://ui' };
  return found as unknown as Temporal;
}

const how = { output: 'json' as const, detach: false, timeoutMs: undefined, cancelFirst: false };
const link = 'Temporal UI: http://ui/namespaces/ns/workflows/federation%2Fprod/the-run/history';

async function run(temporal: Temporal, wanted: Partial<WantedRun> = {}, options = how) {
  const io = fakeIo();
  const atGoodEnd = () => Promise.resolve(io.note('all is done'));
  const ended = await startAndFollow(io, temporal, { input, memo: {}, atGoodEnd, ...wanted }, options).then(
    (code) => ({ code }),
    (error: CliError) => ({ code: error.exitCode, error }),
  );
  return { ...ended, notes: io.err, results: io.out };
}

describe('a command that starts a run', () => {
  it('says that it did and where the run is, follows it, and then does what a good end is followed by', async () => {
    const ran = await run(temporalWith('COMPLETED'));
    expect(ran).toEqual({ code: exit.done, notes: ['run federation/prod started', link, 'all is done'], results: [] });
  });

  it('attaches to the open one, and says what they have in common', async () => {
    const ran = await run(temporalWith('RUNNING', true), { alike: 'with the same choices' }, { ...how, detach: true });
    expect(ran.notes[0]).toBe('run federation/prod is open with the same choices: attached to it');
    const other = await run(temporalWith('RUNNING', true), {}, { ...how, detach: true });
    expect(other.notes[0]).toBe('run federation/prod is open: attached to it');
  });

  it('is refused by an open one of something else, and nothing is done', async () => {
    const ran = await run(temporalWith('RUNNING', true), { input: { ...input, digest: 'sha256:2' } });
    expect(ran).toMatchObject({ code: exit.refused, notes: [], results: [] });
    expect(ran).toMatchObject({ error: { message: expect.stringContaining('prod is locked') } });
  });

  it('leaves it to itself with --detach', async () => {
    const ran = await run(temporalWith('RUNNING'), { detached: 'it goes on' }, { ...how, detach: true });
    expect(ran).toEqual({
      code: exit.done,
      notes: ['run federation/prod started', link, 'it goes on'],
      results: ['federation/prod'],
    });
  });

  it('does not do what follows a good end when the end is none', async () => {
    const ran = await run(temporalWith('TERMINATED'));
    expect(ran.code).toBe(exit.failed);
    expect(ran.notes.join('\n')).toContain('failed');
    expect(ran.notes).not.toContain('all is done');
  });

  it('ends with what was in the way after a good end', async () => {
    const why = new CliError(exit.failed, 'values.yaml was not written');
    const ran = await run(temporalWith('COMPLETED'), { atGoodEnd: () => Promise.resolve(why) });
    expect(ran).toMatchObject({ code: exit.failed, error: why });
  });
});

it('a run that is only watched says what it came to, and no more', async () => {
  const io = fakeIo();
  const code = await followToEnd(io, temporalWith('CANCELLED'), { federation: 'prod', output: 'json' });
  expect(code).toBe(exit.declined);
  expect(io.err[0]).toBe('the run was cancelled; what it made is kept');
});
