import type { ClusterSpec, Spec } from '../spec/schema.ts';

/** What the person who turns down decided. */
export interface DownChoices {
  volumes: 'keep' | 'delete';
  federatedObjects?: 'delete' | 'orphan' | undefined;
  keepZone?: boolean | undefined;
  deleteNamespace?: boolean | undefined;
}

/** What a run does; also in its memo. */
export type Operation = 'up' | 'down' | 'join' | 'unjoin';

/** What the steps of a run are planned from; see RunInput. */
export interface PlanQuestion {
  operation: Operation;
  spec?: Spec | undefined;
  down?: DownChoices | undefined;
  join?: ClusterSpec[] | undefined;
  unjoin?: string[] | undefined;
  prune?: boolean | undefined;
}

/**
 * What a step may get beside its slice of the spec and its facts, by the key in its input. The keys stand in the history
 * of every run, so they stay.
 */
export interface SideInputs {
  /** The whole spec, which the record of the federation keeps. */
  record: { spec: Spec };
  /** Members that left in this run. */
  left: string[];
  /** Of every undo, and of nothing else. */
  undo: DownChoices;
  /** Of the steps that a turn-down has beside its undos. */
  choices: DownChoices;
  /** What the ledgers know and no step of a turn-down takes away, a thing a line. */
  orphans: string[];
  /** Of the step that makes the graph of a run. */
  plan: PlanQuestion;
}

/** Name of a side input; `?` at the end: the step has it in some runs only. */
export type SideInputName = keyof SideInputs | `${keyof SideInputs}?`;

/** Side inputs by their names. */
export type Taken<Name> = {
  [K in Extract<Name, keyof SideInputs>]: SideInputs[K];
} & {
  [K in Name extends `${infer N}?` ? Extract<N, keyof SideInputs> : never]?: SideInputs[K];
};
