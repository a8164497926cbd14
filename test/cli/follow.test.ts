import { describe, expect, it } from '@jest/globals';
import { exit } from '../../src/cli/exit.ts';
import { endOf } from '../../src/cli/follow.ts';
import type { StatusModel } from '../../src/cli/status-model.ts';

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
