import type { StepDefinition } from './definition.ts';

/** What every control plane stands in: the namespace, and the record of the federation. */
export const hostSteps = {
  'host/namespace': {
    phase: 'control-plane',
    title: 'Create the namespace',
    done: 'Namespace created',
    why: 'The control plane and the record of the federation live in it.',
    activity: 'ensureNamespace',
    previews: true,
    undo: 'removeNamespace',
    timing: 'apply',
    needs: [
      'preflight/host',
      'preflight/permissions',
      'preflight/storage',
      'preflight/images',
      'preflight/build',
      'preflight/members',
      'preflight/dns',
    ],
    reads: [],
    repeat: 'fixed',
  },
  'host/record': {
    phase: 'control-plane',
    title: 'Write the record of the federation',
    done: 'Record written',
    why: 'What fedctl made is recorded in the host cluster itself: a lost Temporal database or laptop loses nothing.',
    activity: 'ensureRecord',
    undo: 'removeRecord',
    timing: 'apply',
    needs: ['host/namespace'],
    reads: ['distribution'],
    takes: ['record'],
  },
} as const satisfies Record<string, StepDefinition>;
