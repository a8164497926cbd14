import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { FrozenStep } from '../graph/frozen.ts';
import type { ClusterSpec, Spec } from '../spec/schema.ts';
import type { Block, ClusterStatus, RunState } from './state.ts';

/** Who asks, for the record: `user@host`, or what a person types into the Temporal UI. All that pause and resume take. */
export interface Asked {
  by?: string;
}
/** Which steps to try again, by their ids. `steps` absent or empty: all that are blocked, those of members too. */
export interface RetryRequest extends Asked {
  steps?: string[];
}
/** The blocked step to go on without. */
export interface SkipRequest extends Asked {
  step: string;
}
/** How to end a run: `rollback` undoes first what it made. */
export interface CancelRequest extends Asked {
  rollback?: boolean;
}

/** A changed spec for the open run. */
export interface AmendRequest extends Asked {
  spec: Spec;
  /** Digest of the spec with paths unresolved. */
  digest: string;
}

/** Parent to child: what the member's steps are since the spec was amended. */
export interface MemberAmendment {
  member: ClusterSpec;
  template: FrozenStep[];
  blockedForMs: number;
  slowEveryMs: number;
  digest: string;
}

/** Child to parent: the member's status changed. */
export interface ClusterChange {
  name: string;
  status: ClusterStatus;
  blockedStep: string | null;
  /** What that step waits for. */
  block?: Block;
}

/** Query: the state of the run, of each of its steps and of its members, as `fedctl status` reads it. Never refused. */
export const getRunStateQuery = defineQuery<RunState>('getRunState');

/** Query: the spec a run works on, as amended last; null for a turn-down. Never refused. */
export const getSpecQuery = defineQuery<Spec | null>('getSpec');

// The Web UI may send no argument at all: handlers take an absent request for an empty one. Each Update returns a
// sentence for the person who asked: what is done now. A request that cannot be met is refused by the validator.
/**
 * Update: tries blocked steps again now: those that are named, or all, those of members too. A finished step that may
 * run again can be named where a blocked one needs it. Returns what is tried. Refused: any other step, and where nothing
 * is blocked.
 */
export const retryUpdate = defineUpdate<string, [RetryRequest]>('retry');
/**
 * Update: goes on without a blocked step. Returns which. Refused: a step that is not there, is not blocked, or that later
 * steps build on (the catalogue's `skippable`).
 */
export const skipUpdate = defineUpdate<string, [SkipRequest]>('skip');
/** Update: starts no further steps; running ones end. Returns that the run is paused. Refused when it is paused already. */
export const pauseUpdate = defineUpdate<string, [Asked]>('pause');
/** Update: ends a pause. Returns that the run goes on. Refused when it is not paused. */
export const resumeUpdate = defineUpdate<string, [Asked]>('resume');
/**
 * Update: goes on with a changed spec; finished steps that read what changed run again. Returns which. Refused, with
 * nothing changed: when a finished step that cannot run again has read what changed, members came or went, the host
 * is another, the run keeps to a plan, is no turn-up, is being cancelled or takes another change, and for a member's own
 * run, which is amended with its parent.
 */
export const amendUpdate = defineUpdate<string, [AmendRequest]>('amend');
/**
 * Update: ends the run and keeps what stands; with `rollback` it undoes first what it made. Returns which of both.
 * Refused while the run rolls back; a rollback also for a member's own run and for one that is neither up nor join.
 */
export const cancelUpdate = defineUpdate<string, [CancelRequest]>('cancel');

// Signals of the same meaning and input: an Update needs a live worker to be accepted, a signal waits for one. A
// signal that cannot be met does nothing.
/** Signal: as `retryUpdate`. */
export const retrySignal = defineSignal<[RetryRequest]>('retrySignal');
/** Signal: as `skipUpdate`. */
export const skipSignal = defineSignal<[SkipRequest]>('skipSignal');
/** Signal: as `pauseUpdate`. */
export const pauseSignal = defineSignal<[Asked]>('pauseSignal');
/** Signal: as `resumeUpdate`. */
export const resumeSignal = defineSignal<[Asked]>('resumeSignal');
/** Signal: as `amendUpdate`. */
export const amendSignal = defineSignal<[AmendRequest]>('amendSignal');
/** Signal: as `cancelUpdate`. */
export const cancelSignal = defineSignal<[CancelRequest]>('cancelSignal');

/** Signal, parent to child: the member's steps are others since the spec was amended. Nothing is answered. */
export const memberAmendedSignal = defineSignal<[MemberAmendment]>('memberAmended');
/** Signal, child to parent: the member is blocked, goes on, or has ended. What comes after its end is dropped. */
export const clusterChangedSignal = defineSignal<[ClusterChange]>('clusterChanged');

/** What people read beside each message in the Temporal UI. */
export const descriptions = {
  getRunState: 'The state of every step, as fedctl status shows it',
  getSpec: 'The spec that this run works on',
  retry: 'Retry blocked steps now. {"steps": ["apiserver/ready"]}, or nothing for all of them',
  skip: 'Skip a blocked step, where the catalogue allows it. {"step": "dns/delegation"}',
  amend: 'Go on with a changed spec (fedctl retry -f FILE); blocked steps are retried',
  pause: 'Start no further steps; running ones end',
  resume: 'Resume after a pause',
  cancel: 'Cancel the run and keep what it made; {"rollback": true} undoes it first',
} as const;
