import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { FrozenStep } from '../graph/frozen.ts';
import type { ClusterSpec, Spec } from '../spec/schema.ts';
import type { Block, ClusterStatus, RunState } from './state.ts';

/** Who asks, for the record: `user@host`, or what a person types into the Temporal UI. */
export interface Asked {
  by?: string;
}
/** `steps` absent: all that are blocked. */
export interface RetryRequest extends Asked {
  steps?: string[];
}
export interface SkipRequest extends Asked {
  step: string;
}
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

export const getRunStateQuery = defineQuery<RunState>('getRunState');

/** The spec a run works on, as amended; null for a turn-down. */
export const getSpecQuery = defineQuery<Spec | null>('getSpec');

// The Web UI may send no argument at all: handlers take an absent request for an empty one.
/** Answer: what is done now, for the person who asked. */
export const retryUpdate = defineUpdate<string, [RetryRequest]>('retry');
export const skipUpdate = defineUpdate<string, [SkipRequest]>('skip');
export const pauseUpdate = defineUpdate<string, [Asked]>('pause');
export const resumeUpdate = defineUpdate<string, [Asked]>('resume');
export const amendUpdate = defineUpdate<string, [AmendRequest]>('amend');
export const cancelUpdate = defineUpdate<string, [CancelRequest]>('cancel');

// An Update needs a live worker to be accepted; a signal waits for one.
export const retrySignal = defineSignal<[RetryRequest]>('retrySignal');
export const skipSignal = defineSignal<[SkipRequest]>('skipSignal');
export const pauseSignal = defineSignal<[Asked]>('pauseSignal');
export const resumeSignal = defineSignal<[Asked]>('resumeSignal');
export const amendSignal = defineSignal<[AmendRequest]>('amendSignal');
export const cancelSignal = defineSignal<[CancelRequest]>('cancelSignal');

export const memberAmendedSignal = defineSignal<[MemberAmendment]>('memberAmended');
export const clusterChangedSignal = defineSignal<[ClusterChange]>('clusterChanged');

/** What people read beside each message in the Temporal UI. */
export const descriptions = {
  getRunState: 'The state of every step, as fedctl status shows it',
  getSpec: 'The spec that this run works on',
  retry: 'Try blocked steps again now. {"steps": ["apiserver/ready"]}, or nothing for all of them',
  skip: 'Go on without a blocked step, where the catalogue allows it. {"step": "dns/delegation"}',
  amend: 'Go on with a changed spec (fedctl retry -f FILE); blocked steps are tried again',
  pause: 'Start no further steps; running ones end',
  resume: 'Go on after a pause',
  cancel: 'End the run and keep what stands; {"rollback": true} undoes what this run made first',
} as const;
