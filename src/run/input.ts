import type { HostRef } from '../catalogue/call.ts';
import type { FrozenStep } from '../graph/frozen.ts';
import type { DownChoices, Operation } from '../catalogue/side-inputs.ts';
import type { PlanToFollow } from '../catalogue/planned.ts';
import type { ClusterSpec, Spec } from '../spec/schema.ts';

export type { Operation };

/** The one argument of federationUp and federationDown. Free of secrets: it stands in history. */
export interface RunInput {
  operation: Operation;
  federation: string;
  /** Proposal for the federation's uuid, made by the client: a label or record that stands already wins. */
  uuid: string;
  /** `user@host`. */
  startedBy: string;
  host: HostRef;
  /** Digest of the spec with paths unresolved. */
  digest: string;
  /** For up: the resolved spec. For down: absent, the record has it (or the file that the operator gave). */
  spec?: Spec;
  down?: DownChoices;
  /** For join: the new members; for unjoin: names of those who leave. */
  join?: ClusterSpec[];
  unjoin?: string[];
  takeOver?: boolean;
  takeOwnership?: boolean;
  adopt?: boolean;
  /** Members that stand but are not in the spec leave. */
  prune?: boolean;
  /** The run keeps to this plan: what is not in it is not written. */
  plan?: PlanToFollow;
  /** What is turned up or down, as the plan said; absent: federation, as in every run that began before there was a choice. */
  distribution?: string;
  /** Set for children that undo what their parent's run made. */
  rollback?: boolean;
  /** Set for a debt. */
  debt?: boolean;
  /** The client found the search attributes registered: an unknown one would block the workflow for ever. */
  searchAttributes?: boolean;
}

/** The one argument of memberJoin and memberUnjoin. */
export interface MemberInput {
  run: Omit<RunInput, 'spec'>;
  uuid: string;
  /** First run id of the parent's chain: the ledger names it. */
  firstRunId: string;
  member: ClusterSpec;
  template: FrozenStep[];
  blockedForMs: number;
  slowEveryMs: number;
}

/** The one argument of memberDebt. */
export interface DebtInput {
  run: Omit<RunInput, 'spec'>;
  uuid: string;
  firstRunId: string;
  member: ClusterSpec;
  undos: FrozenStep[];
  settle: FrozenStep;
  /** What is owed, an object a line; the ledger in the host has them in full. */
  entries: string[];
  blockedForMs: number;
  slowEveryMs: number;
  /** Only take the debt out of the record. */
  forget?: boolean;
}

/**
 * Name of the task queue; image builds use `<queue>-images`, and what needs the artefacts of one machine
 * `<queue>-images-<builder>`.
 */
export const defaultTaskQueue = 'fedctl';
/** Queue of the image builds of a task queue. */
export const imagesQueueOf = (queue: string): string => `${queue}-images`;
/** Queue of what needs the artefacts of one builder. */
export const builderQueueOf = (queue: string, builder: string): string => `${imagesQueueOf(queue)}-${builder}`;

/** One federation, one id: up, down, join and unjoin exclude each other by it. */
export const workflowIdOf = (federation: string): string => `federation/${federation}`;
/** Workflow id of the child that joins or unjoins a member. */
export const memberWorkflowIdOf = (federation: string, member: string): string =>
  `${workflowIdOf(federation)}/clusters/${member}`;
/** Workflow id of the debt of a member. */
export const debtWorkflowIdOf = (federation: string, member: string): string =>
  `${workflowIdOf(federation)}/debts/${member}`;
