import type { FederationFacts } from '../distributions/federation/facts.ts';
import type { hostSteps, memberSteps } from '../distributions/federation/steps.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import type { StepCall, StepResult } from './call.ts';
import type { SpecSlice, StepDefinition } from './definition.ts';
import type { FactsIn } from './facts.ts';

/** The steps of a distribution, and what they tell, as types. */
export interface CatalogueTypes {
  steps: Record<string, StepDefinition>;
  facts: object;
}

type Reads<Step extends StepDefinition> = Step['reads'][number];
type Uses<Step> = Step extends { uses: infer U } ? U : object;
type Fact<Facts, Path> = Path extends `${infer Ref}?`
  ? Fact<Facts, Ref> | undefined
  : Path extends `${infer Id}.${infer Field}`
    ? Field extends keyof FactsIn<Facts, Id>
      ? FactsIn<Facts, Id>[Field]
      : never
    : never;

/** A step's input: the spec fields it reads, the facts it uses, and for a step of a member that member's entry. */
export type InputIn<C extends CatalogueTypes, Id extends keyof C['steps']> = {
  spec: SpecSlice<Reads<C['steps'][Id]>>;
  facts: { [K in keyof Uses<C['steps'][Id]>]: Fact<C['facts'], Uses<C['steps'][Id]>[K]> };
} & (Id extends `clusters/${string}` ? { cluster: ClusterSpec } : object);
/** What the activity of a step is called with. */
export type CallIn<C extends CatalogueTypes, Id extends keyof C['steps']> = StepCall<InputIn<C, Id>>;
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
export type ResultOf<Id extends StepId> = ResultIn<Catalogue, Id>;
