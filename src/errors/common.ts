import { defineErrors } from './types.ts';

/** Codes that any conversation with an API can end in. */
export const commonErrors = defineErrors({
  UNREACHABLE: {
    retry: 'soon',
    title: 'the server cannot be reached',
    fix: (d) => [`check that ${d['server'] ?? 'the server'} runs and can be reached from the worker`],
  },
  SERVER_ERROR: { retry: 'soon', title: 'the server failed', fix: () => ['look at the log of the server named above'] },
  RATE_LIMITED: {
    retry: 'later',
    title: 'the server asks to slow down',
    fix: () => ['nothing: the step goes on when the server allows'],
  },
  TLS_MISMATCH: {
    retry: 'never',
    title: 'the server does not show a certificate that is trusted here',
    fix: () => [
      'a cluster: check certificate-authority-data and server of the context',
      'a DNS provider: NODE_EXTRA_CA_CERTS in the environment of the worker',
    ],
  },
  UNAUTHENTICATED: {
    retry: 'never',
    title: 'the credentials are not accepted',
    fix: () => ['renew the credentials of the context (its user)'],
  },
  FORBIDDEN: {
    retry: 'never',
    title: 'the user may not do this',
    fix: (d) => [`grant ${d['user'] ?? 'the user of the context'} the right named above`],
  },
  INVALID: {
    retry: 'never',
    title: 'the server refuses the object',
    fix: () => ['correct the field named above in the spec'],
  },
  NOT_FOUND: { retry: 'never', title: 'something that must exist does not', fix: () => ['see the message above'] },
  CONFLICT: {
    retry: 'soon',
    title: 'somebody changed the object at the same moment',
    fix: () => ['nothing: it is read again'],
  },
  CONTEXT_NOT_FOUND: {
    retry: 'never',
    title: 'the kubeconfig of the worker has no such context',
    fix: (d) => [`add context ${d['context'] ?? ''} to the kubeconfig of the worker, or name another in the spec`],
  },
  FOREIGN: {
    retry: 'never',
    title: 'an object of this name is there already and is not ours',
    fix: () => [
      'remove or rename it, then: fedctl retry NAME',
      'or take it over: fedctl up -f FILE --cancel-first --adopt',
    ],
  },
  FIELD_OWNED: {
    retry: 'never',
    title: 'another field manager owns a field that fedctl would set',
    fix: () => [
      'leave the field to the other manager: remove it from the spec, then fedctl retry NAME -f FILE',
      'or take it: fedctl up -f FILE --cancel-first --take-ownership',
    ],
  },
});
