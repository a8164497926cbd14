import type { PlannedObject } from './planned.ts';
import type { Operation } from './side-inputs.ts';

/** Where a cluster is, as the worker sees it: a context of the worker's kubeconfig (or of the file named). */
export interface ClusterRef {
  context: string;
  kubeconfig?: string | undefined;
}

/** The host cluster and the namespace of the control plane. */
export interface HostRef extends ClusterRef {
  namespace: string;
}

/** The member cluster that a step of a child workflow is about. */
export interface MemberRef extends ClusterRef {
  name: string;
}

/** What every activity is told of the run that calls it. Plain data, free of secrets: it stands in history. */
export interface RunContext {
  federation: string;
  /** The federation's identity: label `fedctl/federation` of everything fedctl makes. '' until host/namespace told it. */
  uuid: string;
  workflowId: string;
  /** First run id of the execution chain: which run made an object (rollback undoes by it). */
  firstRunId: string;
  /** `user@host` of whoever started the run; for the Lease. */
  startedBy: string;
  host: HostRef;
  member?: MemberRef;
  /** Digest of the spec with paths unresolved. */
  digest: string;
  /** Value of `spec.distribution`; absent: federation, as in every run that began before there was a choice. */
  distribution?: string;
  /** The run renews its Lease as long as it is open, so a Lease that is not renewed tells that the run is gone. */
  holds?: boolean;
  /** What the run does; absent in runs that began before it was told. */
  operation?: Operation;
  takeOver?: boolean;
  takeOwnership?: boolean;
  adopt?: boolean;
  /** Undo only what this run made (by `firstRunId` in the ledger); what stood before stays. */
  rollback?: boolean;
  /** `fedctl images`: images are built and pushed for no federation, so there is none to own, and no cluster to reach. */
  imagesOnly?: boolean;
  /** Clean-up owed by a member: it needs no Lease, for its run is over. */
  debt?: boolean;
}

/** The one argument of every step's activity. */
export interface StepCall<Input = unknown> {
  step: string;
  run: RunContext;
  /** True for the slow automatic attempts of a parked step: then every failure is thrown as retryable. */
  parked: boolean;
  /** How long a waiting step may wait, ms, from the first time it was scheduled; 0 for one look only. */
  waitMs: number;
  input: Input;
  /** For a run that follows a plan: the objects that this step may write, and how they must stand before. */
  planned?: PlannedObject[];
}

/** `kept`: everything stood already as wanted; nothing was written. */
export type Outcome = 'created' | 'updated' | 'kept' | 'done' | 'removed';

/** Small facts that later steps refer to; they stand in history, so nothing secret and nothing large. */
export type Facts = Record<string, string | number | boolean | null | string[]>;

/** The one result of every step's activity. `note` is a short sentence for people. */
export interface StepResult<F extends object = Facts> {
  outcome: Outcome;
  note?: string;
  /** What will not keep a turn-up, but somebody should know; of a check. */
  warnings?: string[];
  facts: F;
}
