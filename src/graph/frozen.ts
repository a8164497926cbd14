import type { ClusterSpec } from '../spec/schema.ts';
import type { PhaseId, Repeat } from '../catalogue/definition.ts';
import type { SideInputs } from '../catalogue/side-inputs.ts';
import type { FrozenTiming } from '../catalogue/timing.ts';

/** The id in `needs` that stands for all members. */
export const allClusters = 'clusters';

/** In place of a value: one fact of an earlier step of the same run. */
export interface FactRef {
  from: string;
  field: string;
  /** The step may not be part of the run; then the value is absent. */
  optional?: boolean;
}

/** A step's input before its facts are filled in. `facts` names them; everything else is plain data. */
export interface FrozenInput extends Partial<SideInputs> {
  spec: object;
  facts: Record<string, FactRef>;
  /** Of a member's step: its entry of the spec. */
  cluster?: { name: string };
}

/**
 * Which of the workers that build images: any, or the one that a fact names, since it has what the step works on. When
 * that one takes no task for `awayMs`, the run goes back to step `from`.
 */
export type FrozenQueue = 'images' | { from: string; field: string; awayMs: number };

/** A step as plain data: what a workflow interprets, kept in its history, whatever later catalogues say. */
export interface FrozenStep {
  id: string;
  phase: PhaseId;
  title: string;
  done: string;
  activity: string;
  /** Runs on workers that build images; absent: on those that serve runs. */
  queue?: FrozenQueue;
  needs: string[];
  input: FrozenInput;
  timing: FrozenTiming;
  skippable: boolean;
  repeat: Repeat;
  /** How what the step makes is taken away; absent: there is nothing to take away. */
  undo?: FrozenUndo;
  /** What it makes is in the member itself: without the member it cannot be undone. */
  inMember?: boolean;
}

/** The undo of a step, frozen with it: a rollback needs no catalogue. */
export interface FrozenUndo {
  activity: string;
  /** Undo order where it is not the reverse of `needs`. */
  needs?: string[];
}

/** The members of a run: one template, one child workflow each. */
export interface FrozenClusters {
  /** Host steps that must be done before the first child starts. */
  needs: string[];
  /** Ids and references hold `{cluster}`. */
  template: FrozenStep[];
  members: ClusterSpec[];
  /** How many children work at once; a blocked one does not count. */
  parallel: number;
  /** The template holds undos: the members leave. */
  leaves?: boolean;
  /** Members among them that leave while the others join, and their undos. */
  leaving?: { names: string[]; template: FrozenStep[] };
}

/** All that a run does. `steps` need each other by id; the id `clusters` in `needs` stands for all members. */
export interface FrozenGraph {
  /** Value of `spec.distribution`; absent: federation, as in every run that began before there was a choice. */
  distribution?: string;
  steps: FrozenStep[];
  clusters: FrozenClusters | null;
  /** ms a step may stay blocked before the run gives up (`policy.blockedFor`). */
  blockedForMs: number;
  /** ms between the slow automatic attempts of a parked step. */
  slowEveryMs: number;
}
