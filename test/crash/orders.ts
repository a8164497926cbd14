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

/** Which of `parts` federations has this key: the same in every process. */
export const partOf = (key: string, parts: number): number =>
  createHash('sha256').update(key).digest().readUInt32BE(0) % parts;
