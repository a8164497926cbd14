import type { ClusterSpec } from '../spec/schema.ts';
import type { StepCall, StepResult } from './call.ts';
import type { SpecSlice } from './definition.ts';
import type { FactsOf } from './facts.ts';
import type { clusterSteps, hostSteps, StepId } from './steps.ts';

type Catalogue = typeof hostSteps & typeof clusterSteps;
type Reads<Id extends StepId> = Catalogue[Id]['reads'][number];
type Uses<Id extends StepId> = Catalogue[Id] extends { uses: infer U } ? U : object;
type Fact<Path> = Path extends `${infer Ref}?`
  ? Fact<Ref> | undefined
  : Path extends `${infer Id}.${infer Field}`
    ? Field extends keyof FactsOf<Id>
      ? FactsOf<Id>[Field]
      : never
    : never;

/** A step's input: the spec fields it reads, the facts it uses, and for a step of a member that member's entry. */
export type InputOf<Id extends StepId> = {
  spec: SpecSlice<Reads<Id>>;
  facts: { [K in keyof Uses<Id>]: Fact<Uses<Id>[K]> };
} & (Id extends `clusters/${string}` ? { cluster: ClusterSpec } : object);

/** What the activity of a step is called with. */
export type CallOf<Id extends StepId> = StepCall<InputOf<Id>>;
/** What the activity of a step answers. */
export type ResultOf<Id extends StepId> = StepResult<FactsOf<Id>>;
