import type { FederationFacts } from '../distributions/federation/facts.ts';
import type { hostSteps, memberSteps } from '../distributions/federation/steps.ts';
import type { ClusterSpec, Spec } from '../spec/schema.ts';
import type { StepCall, StepResult } from './call.ts';
import type { SpecSlice, StepDefinition } from './definition.ts';
import type { downSteps } from './down-steps.ts';
import type { FactsIn } from './facts.ts';
import type { Taken } from './side-inputs.ts';

/** The steps of a distribution, and what they tell, as types. */
export interface CatalogueTypes {
  steps: Record<string, StepDefinition>;
  facts: object;
}

type Reads<Step extends StepDefinition> = Step['reads'][number];
type Takes<Step> = Step extends { takes: readonly (infer T)[] } ? T : never;
type Uses<Step> = Step extends { uses: infer U } ? U : object;
type Fact<Facts, Path> = Path extends `${infer Ref}?`
  ? Fact<Facts, Ref> | undefined
  : Path extends `${infer Id}.${infer Field}`
    ? Field extends keyof FactsIn<Facts, Id>
      ? FactsIn<Facts, Id>[Field]
      : never
    : never;

/** The entry of the member that a step is about. */
type OwnMember<Id> = Id extends `clusters/${string}` ? { cluster: ClusterSpec } : object;

/**
 * A step's input: the spec fields it reads, the facts it uses, what it takes beside them, and for a step of a member
 * that member's entry.
 */
export type InputIn<C extends CatalogueTypes, Id extends keyof C['steps']> = {
  spec: SpecSlice<Reads<C['steps'][Id]>>;
  facts: { [K in keyof Uses<C['steps'][Id]>]: Fact<C['facts'], Uses<C['steps'][Id]>[K]> };
} & OwnMember<Id> &
  Taken<Takes<C['steps'][Id]>>;
/** The input of a step's undo: that of the step without its facts, and what was decided. */
export type UndoInputIn<C extends CatalogueTypes, Id extends keyof C['steps']> = {
  spec: SpecSlice<Reads<C['steps'][Id]>>;
  facts: object;
} & OwnMember<Id> &
  Taken<Takes<C['steps'][Id]> | 'undo'>;
/** What the activity of a step is called with. */
export type CallIn<C extends CatalogueTypes, Id extends keyof C['steps']> = StepCall<InputIn<C, Id>>;
/** What the activity of a step's undo is called with. */
export type UndoCallIn<C extends CatalogueTypes, Id extends keyof C['steps']> = StepCall<UndoInputIn<C, Id>>;
/** What the activity of a step returns. */
export type ResultIn<C extends CatalogueTypes, Id extends keyof C['steps'] & string> = StepResult<
  FactsIn<C['facts'], Id>
>;

/** The catalogue that the activities of fedctl itself are checked against. */
export interface Catalogue {
  steps: typeof hostSteps & typeof memberSteps;
  facts: FederationFacts;
}
/** Ids of its steps; those of a member with `{cluster}` in place of its name. */
export type HostStepId = keyof typeof hostSteps;
export type MemberStepId = keyof typeof memberSteps;
export type StepId = HostStepId | MemberStepId;

export type InputOf<Id extends StepId> = InputIn<Catalogue, Id>;
export type CallOf<Id extends StepId> = CallIn<Catalogue, Id>;
export type UndoCallOf<Id extends StepId> = UndoCallIn<Catalogue, Id>;
export type ResultOf<Id extends StepId> = ResultIn<Catalogue, Id>;

/** What the activity of a step is called with that a distribution has before the undos of a turn-down. */
export type BeforeDownCall = StepCall<Taken<'choices'>>;
/**
 * What the last step of a turn-down is called with: it looks wherever anything may be. `ledgers`: members in whose name
 * anything was ever made; undefined where that is not known any more.
 */
export type SweepCall = StepCall<
  Taken<Takes<(typeof downSteps)['down/sweep']>> & { spec: Spec; facts?: { ledgers?: string[] | undefined } }
>;
