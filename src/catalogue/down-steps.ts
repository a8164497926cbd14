import type { StepDefinition } from './definition.ts';

/** Steps of a turn-down beside the undos of what a turn-up makes. */
export const downSteps = {
  'down/sweep': {
    phase: 'down',
    title: 'Look for leftovers',
    done: 'Nothing left',
    why: "A final check: no object with the federation's uuid is left in any cluster or at the DNS provider.",
    activity: 'sweep',
    timing: { wait: 'reach' },
    needs: [],
    reads: [],
    takes: ['choices', 'orphans?'],
    skippable: true,
  },
} as const satisfies Record<string, StepDefinition>;
