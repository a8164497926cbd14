import type { FrozenStep } from './frozen.ts';
import type { DownChoices } from '../catalogue/side-inputs.ts';
import { undoSteps } from './undo.ts';

/** Ids in a template; see expandTemplate. */
const reachId = 'clusters/{cluster}/reach';
const debtId = 'clusters/{cluster}/debt';
/** The activities by which a workflow knows these steps. */
export const lookActivity = 'lookAtLeaving';
export const openDebtActivity = 'openDebt';

/**
 * How a member leaves: first a look whether it answers, then the undos of its steps. Where it does not answer, what is
 * in the member itself is noted as a debt, and the other undos go on.
 */
export function leavingTemplate(template: readonly FrozenStep[], choices: DownChoices): FrozenStep[] {
  const reach = template.find(({ id }) => id === reachId);
  if (!reach) return undoSteps(template, choices);
  const look: FrozenStep = { ...reach, activity: lookActivity, skippable: true };
  const debt: FrozenStep = {
    ...look,
    id: debtId,
    title: 'Record the debt of the member',
    done: 'Debt recorded',
    activity: openDebtActivity,
    needs: [reachId],
    input: { spec: {}, facts: {}, choices },
    skippable: false,
  };
  const undos = undoSteps(template, choices).map((step) => ({ ...step, needs: [...step.needs, reachId] }));
  return [look, debt, ...undos];
}

const without = (steps: readonly FrozenStep[]): FrozenStep[] => {
  const ids = new Set(steps.map(({ id }) => id));
  return steps.map((step) => ({ ...step, needs: step.needs.filter((need) => ids.has(need)) }));
};

/** What remains to be done by the run itself, once it is known whether the member answers. */
export const stepsOfLeaving = (steps: readonly FrozenStep[], reached: boolean): FrozenStep[] =>
  without(steps.filter((step) => (reached ? step.activity !== openDebtActivity : !step.inMember)));

/** What a debt does when the member answers again: its undos, and last the settling. */
export function stepsOfDebt(steps: readonly FrozenStep[]): { undos: FrozenStep[]; settle: FrozenStep } {
  const [look, debt] = [lookActivity, openDebtActivity].map((name) => steps.find(({ activity }) => activity === name));
  if (!look || !debt) throw new Error('a member that leaves has no step that looks at it');
  const undos = without(steps.filter((step) => step.inMember || step === look));
  const settle = { ...debt, title: 'Settle the debt', done: 'Debt settled', activity: 'settleDebt', needs: [] };
  return { undos: undos.map((step) => (step.id === look.id ? { ...step, activity: 'reachMember' } : step)), settle };
}
