import { defineErrors } from './types.ts';

/** Codes about the run itself: locks, resuming, operator commands. */
export const runErrors = defineErrors({
  BUG: {
    retry: 'bug',
    title: 'a bug in fedctl',
    fix: () => [
      'report it with the run id and the text above',
      'the run keeps its place: after an upgrade of the worker, fedctl retry NAME',
    ],
  },
  NOT_BUILT_YET: {
    retry: 'never',
    title: 'this part of the spec is not built yet',
    fix: (d) => [`remove ${d['field'] ?? 'the field'} from the spec`],
  },
  OWNER_CHANGED: {
    retry: 'never',
    title: 'another run owns this federation now',
    fix: (d) => [
      `see who: fedctl status ${d['federation'] ?? 'NAME'}`,
      'to become the owner again: fedctl up -f FILE --cancel-first --take-over',
    ],
  },
  OWNED_ELSEWHERE: {
    retry: 'never',
    title: 'another operator owns this federation',
    fix: () => [
      'ask the owner named above',
      'if that run is gone for good: the same command with --cancel-first --take-over',
    ],
  },
  RECORD_NOT_FOUND: {
    retry: 'never',
    title: 'the host cluster has no record of this federation',
    fix: () => ['check --context and the namespace of the host', 'without a record there is nothing that fedctl made'],
  },
  MEMBER_NOT_KNOWN: {
    retry: 'never',
    title: 'the federation has no such member',
    fix: () => ['see the members: fedctl status NAME', 'end this run: fedctl cancel NAME'],
  },
  NOT_STANDING: {
    retry: 'never',
    title: 'the federation is not up',
    fix: (d) => [
      'turn it up first: fedctl up -f FILE (its members are part of the file)',
      `end this run: fedctl cancel ${d['federation'] ?? 'NAME'}`,
    ],
  },
  PLAN_STALE: {
    retry: 'never',
    title: 'the plan is out of date: the objects, or what is wanted, changed since',
    fix: (d) => [
      'put the object back as it was, then: fedctl retry NAME',
      `or plan again, and start that plan: fedctl cancel ${d['federation'] ?? 'NAME'}, fedctl plan -f FILE -o json > plan.json, fedctl up --plan plan.json`,
    ],
  },
  RECORD_OTHER: {
    retry: 'never',
    title: 'another federation is in this namespace',
    fix: (d) => [
      'choose another spec.host.namespace',
      ...(d['left']
        ? [
            `or delete it with all that is kept in it: kubectl delete namespace ${d['namespace'] ?? ''}`,
            'or take over what is in it: run again with --adopt',
          ]
        : [`or turn that one down first: fedctl down ${d['federation'] ?? 'NAME'}`]),
    ],
  },
  SPEC_ORPHANS: {
    retry: 'never',
    title: 'the changed file would orphan objects that the old one made',
    fix: (d) => [
      'keep the fields that made them, then: fedctl retry NAME -f FILE',
      `or remove them with the old file first: fedctl cancel ${d['federation'] ?? 'NAME'}, then fedctl down ${d['federation'] ?? 'NAME'}`,
    ],
  },
  STILL_THERE: {
    retry: 'never',
    title: 'an object is stuck in deletion (Terminating)',
    fix: () => ['check its finalizers, and the controllers that should remove them', 'then: fedctl retry NAME'],
  },
  TIMED_OUT: {
    retry: 'never',
    title: 'the step timed out',
    fix: () => ['look at the worker log', 'then: fedctl retry NAME'],
  },
});
