/** What a turn-up would do to one object. */
export type PreviewAction = 'create' | 'update' | 'keep' | 'delete';

/**
 * One object of a plan as a run must find it, and as it may leave it. Plain data without secrets: it stands in history,
 * so values stand in it as digests (`sha256:...`).
 */
export interface PlannedObject {
  /** Steps that write it, by their ids. */
  steps: string[];
  /** `host`, a member's name, `federation` (its own API) or `dns`; see placeOfPlanned. */
  cluster: string;
  apiVersion: string;
  kind: string;
  /** '' for what has none. */
  namespace: string;
  name: string;
  action: PreviewAction;
  /** null: it did not stand when the plan was made. */
  uid: string | null;
  /** null: it did not stand, or its server writes it all the time (the federation API, at each probe). */
  resourceVersion: string | null;
  /** Digest of what stood, without status and marks of writes; null: it did not stand, or is secret. */
  standing: string | null;
  /** Digest of what is wanted; null where only the write itself can tell (keys, addresses, images still to be built). */
  wanted: string | null;
  /** An update by deleting and making it again. */
  again?: true;
}

/** What a run with `--plan` keeps to: it writes these objects and no others. */
export interface PlanToFollow {
  /** Of the plan's document. */
  digest: string;
  objects: PlannedObject[];
}

/** The objects of a plan that one step writes. */
export const plannedFor = ({ objects }: PlanToFollow, step: string): PlannedObject[] =>
  objects.filter(({ steps }) => steps.includes(step));

/** The part of a plan that one member's run needs. */
export const planOfMember = ({ digest, objects }: PlanToFollow, member: string): PlanToFollow => ({
  digest,
  objects: objects.filter(({ steps }) => steps.some((step) => step.startsWith(`clusters/${member}/`))),
});
