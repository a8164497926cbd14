import { describe, expect, it } from '@jest/globals';
import type { Temporal } from '../../../src/temporal/client.ts';
import { exit } from '../../../src/cli/io/exit.ts';
import { endOf, follow } from '../../../src/cli/runs/follow.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';
import type { StatusModel } from '../../../src/cli/views/status-model.ts';

const seen = (execution: string) => ({ execution }) as Parameters<typeof endOf>[0];
const model = (status: StatusModel['status']) => ({ status }) as StatusModel;

describe('the exit code of a run that is followed', () => {
  it.each([
    ['completed', 'COMPLETED', exit.done],
    ['failed', 'FAILED', exit.failed],
    ['cancelled', 'CANCELLED', exit.declined],
    // Parked: the following ends, the run does not.
    ['blocked', 'RUNNING', exit.blocked],
    // The state says it a moment before the execution closes.
    ['completed', 'RUNNING', undefined],
    ['cancelled', 'RUNNING', undefined],
    ['running', 'RUNNING', undefined],
    ['paused', 'RUNNING', undefined],
    ['rolling-back', 'RUNNING', undefined],
    // Ended from outside, in the middle: no state of its own says so.
    ['running', 'TERMINATED', exit.failed],
    ['running', 'TIMED_OUT', exit.failed],
    ['running', 'CANCELLED', exit.declined],
  ] as const)('%s, execution %s: %s', (status, execution, code) => {
    expect(endOf(seen(execution), model(status))).toBe(code);
  });

  it('goes by the execution alone where no state can be had', () => {
    const codes = ['RUNNING', 'COMPLETED', 'CANCELLED', 'FAILED', 'TERMINATED'].map((one) =>
      endOf(seen(one), undefined),
    );
    expect(codes).toEqual([undefined, exit.done, exit.declined, exit.failed, exit.failed]);
  });
});

describe('following a run of which nothing can be seen', () => {
  /** A server that answers nothing. */
  const temporal = {} as Temporal;
  const options = { temporal, workflowId: 'federation/f', taskQueue: 'q', known: {}, output: 'json' as const };
  const never = new AbortController().signal;

  it('ends with 4 when --timeout is over; the run goes on', async () => {
    const followed = await follow(fakeIo(), { ...options, timeoutMs: 1, detach: never });
    expect(followed).toMatchObject({ code: exit.timedOut, model: undefined, runId: undefined });
  });

  it('ends with 130 by Ctrl-C, also in the middle of a wait, and long before any timeout', async () => {
    expect((await follow(fakeIo(), { ...options, detach: AbortSignal.abort() })).code).toBe(exit.detached);
    const ctrlC = new AbortController();
    const following = follow(fakeIo(), { ...options, timeoutMs: 3_600_000, detach: ctrlC.signal });
    ctrlC.abort();
    expect((await following).code).toBe(exit.detached);
  });
});
