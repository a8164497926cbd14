import { createHash } from 'node:crypto';
import type { Operation } from '../../src/run/input.ts';

/** When a worker dies: `middle` is after a write that was answered or a build that was started, and nobody was told. */
export type Moment = 'before' | 'middle' | 'after';
export const moments: readonly Moment[] = ['before', 'middle', 'after'];

/** At what a worker dies, once each; its successors go on where it died. */
export interface Orders {
  operation: Operation;
  /** All acts of the operation at one moment, or the share of them that falls to this federation. */
  all?: { moment: Moment; part: number; parts: number };
  /** Single steps instead, by their ids; in the middle is after the first thing done beside notes in the ledger. */
  steps?: Readonly<Record<string, Moment>>;
}

/** An act: what one step of an operation does. */
export interface Act {
  operation: Operation;
  step: string;
}

/** The end of one worker. */
export interface Death extends Act {
  moment: Moment;
  /** In the middle: what was done last. */
  write?: string;
}

/** What was done in an act, in the order of the first time: `PATCH /api/... #2`. */
export interface Write extends Act {
  write: string;
  /** Tells a second write of the same kind from the first one done again. */
  digest: string;
}

export const keyOf = ({ operation, step }: Act, ...more: readonly string[]): string =>
  [operation, step, ...more].join(' ');

/**
 * Whether a write is the making of the host's ledger: of the steps that run side by side, whichever is the first to
 * note something does it, another one in each federation.
 */
export const makesLedger = ({ step }: Act, write: string): boolean =>
  /^POST \S+\/configmaps #/.test(write) && step !== 'host/record' && !step.startsWith('clusters/');

/**
 * Whether a write is to what all federations of a cluster share: the pods of its DNS, and their number. Whoever comes
 * first does it for those that wait for it too.
 */
export const isShared = ({ step }: Act, write: string): boolean =>
  step.endsWith('/recycle') && !write.includes('/configmaps/');

/** Key of a write that tells it from every other one, and is the same in every federation. */
export function keyOfWrite(act: Act, write: string): string {
  if (makesLedger(act, write)) return keyOf({ ...act, step: 'the first to note something' }, write);
  // In which operation, and how often, is a matter of who comes first.
  return isShared(act, write) ? `${act.step} ${write.replace(/ #\d+$/, '')}` : keyOf(act, write);
}

/** Which of `parts` federations has this key: the same in every process. */
export const partOf = (key: string, parts: number): number =>
  createHash('sha256').update(key).digest().readUInt32BE(0) % parts;
