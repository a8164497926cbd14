import type { Activities } from '../../activities/index.ts';
import type { CallOf, Catalogue, ResultOf, StepId, SweepCall, UndoCallOf } from './call-of.ts';
import type { StepResult } from './call.ts';

type Steps = Catalogue['steps'];

/** `true` for a step whose activity (and undo) exists and speaks the step's language; else the names that do not fit. */
type Fits<Id extends StepId> = Steps[Id]['activity'] extends keyof Activities
  ? Activities[Steps[Id]['activity']] extends (call: CallOf<Id>) => Promise<ResultOf<Id>>
    ? UndoFits<Id>
    : ['takes or answers something else', Steps[Id]['activity']]
  : ['no such activity', Steps[Id]['activity']];
type UndoFits<Id extends StepId> = Steps[Id] extends { undo: infer Undo }
  ? Undo extends keyof Activities
    ? Activities[Undo] extends (call: UndoCallOf<Id>) => Promise<StepResult<object>>
      ? true
      : ['the undo takes something else', Undo]
    : ['no such undo', Undo]
  : true;

/** The build breaks here when an activity is renamed, lost or changed and the catalogue is not. */
export type CatalogueFits = { [Id in StepId as Fits<Id> extends true ? never : Id]: Fits<Id> };
export const catalogueFits: keyof CatalogueFits extends never ? true : CatalogueFits = true;
/** The same for the last step of a turn-down. */
export const sweepFits: Activities['sweep'] extends (call: SweepCall) => Promise<StepResult<object>> ? true : never =
  true;
