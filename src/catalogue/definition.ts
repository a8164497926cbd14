import type { Spec } from '../spec/schema.ts';
import type { SideInputName } from './side-inputs.ts';

/** Phases in the order people see them; order of work comes from `needs` alone. */
export const phases = ['preflight', 'images', 'control-plane', 'dns', 'clusters', 'verify', 'down'] as const;
export type PhaseId = (typeof phases)[number];

/** Name of a bounded wait of the spec: `policy.waits.<name>`. */
export type WaitName = keyof Spec['policy']['waits'];

/**
 * Timing profile. `read`: short, asks only. `apply`: short, writes. `build`: hours, heartbeats. `turn`: short, asks only,
 * but may wait hours for its turn behind builds. `{wait}`: waits in one attempt, with heartbeats, as long as
 * `policy.waits.<wait>` says.
 */
export type Timing = 'read' | 'apply' | 'build' | 'turn' | { wait: WaitName };

/**
 * `repeatable` steps may run again with a changed spec (`retry -f`); `fixed` ones made something that others were
 * built on (a CA, an address in certificates, a claim).
 */
export type Repeat = 'repeatable' | 'fixed';

/** A step, described once. Everything reads this: plan, workflow, Temporal UI, terminal, JSON, errors, docs. */
export interface StepDefinition {
  phase: PhaseId;
  /** What it does, for people: imperative. */
  title: string;
  /** The same when it is done: noun and past participle. */
  done: string;
  why: string;
  activity: string;
  /**
   * Runs on workers that build images: any of them, or the one that a fact of an earlier step names (`step.fact`).
   * Absent: on those that serve runs.
   */
  queue?: string;
  /** A preview runs its activity as it is, against clusters that only pretend: it brings objects, or facts for others. */
  previews?: true;
  /** Activity that takes away what the step made; absent: nothing to take away. */
  undo?: string;
  timing: Timing;
  needs: readonly string[];
  /** Spec fields the activity gets, dotted; it gets no others, so `retry -f` knows what a change touches. */
  reads: readonly string[];
  /** What it makes that `spec.patches` may name, as `Kind/name`: of the patches it gets those alone. */
  patched?: readonly string[];
  /** What goes along beside the slice and the facts. */
  takes?: readonly SideInputName[];
  /** Results of earlier steps: name in the input -> `step.fact`; `?` at the end: absent when that step is not in the run. */
  uses?: Readonly<Record<string, string>>;
  skippable?: boolean;
  repeat?: Repeat;
  /** Whether the step is part of a run with this spec. */
  when?: (spec: Spec) => boolean;
  /** What it makes is in the member itself: without the member it cannot be undone. */
  inMember?: boolean;
  /** Undo order where it is not the reverse of `needs`. */
  undoNeeds?: readonly string[];
}

type Union<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never;
type PickPath<T, P extends string> = P extends `${infer K}.${infer R}`
  ? K extends keyof T
    ? { [k in K]: undefined extends T[K] ? PickPath<NonNullable<T[K]>, R> | undefined : PickPath<T[K], R> }
    : never
  : P extends keyof T
    ? Pick<T, P>
    : never;

/** The part of the spec under the given dotted paths. */
export type SpecSlice<P extends string> = [P] extends [never]
  ? object
  : Union<P extends unknown ? PickPath<Spec, P> : never>;
