import { defineErrors } from './types.ts';

/** Codes that any conversation with an API can end in. */
export const commonErrors = defineErrors({
  UNREACHABLE: {
    retry: 'soon',
    title: 'the server cannot be reached',
    fix: (d) => [`check that ${d['server'] ?? 'the server'} runs and can be reached from the worker`],
  },
  SERVER_ERROR: {
    retry: 'soon',
    title: 'the server returned an error (5xx)',
    fix: () => ['look at the log of the server named above'],
  },
  RATE_LIMITED: {
    retry: 'later',
    title: 'the server is rate limiting: too many requests',
    fix: () => ['nothing to do: the step is retried when the server allows'],
  },
  TLS_MISMATCH: {
    retry: 'never',
    title: 'the TLS certificate of the server is not trusted',
    fix: () => [
      'a cluster: check certificate-authority-data and server of the context',
      'a DNS provider: NODE_EXTRA_CA_CERTS in the environment of the worker',
    ],
  },
  UNAUTHENTICATED: {
    retry: 'never',
    title: 'the credentials were rejected (401 Unauthorized)',
    fix: () => ['renew the credentials of the context (its user)'],
  },
  FORBIDDEN: {
    retry: 'never',
    title: 'permission denied (403 Forbidden)',
    fix: (d) => [`grant ${d['user'] ?? 'the user of the context'} the right named above`],
  },
  INVALID: {
    retry: 'never',
    title: 'the API server rejected the object as invalid',
    fix: () => ['correct the field named above in the spec'],
  },
  NOT_FOUND: { retry: 'never', title: 'a required object does not exist', fix: () => ['see the message above'] },
  CONFLICT: {
    retry: 'soon',
    title: 'the object was changed by somebody else at the same time',
    fix: () => ['nothing to do: it is read again'],
  },
  CONTEXT_NOT_FOUND: {
    retry: 'never',
    title: 'the kubeconfig of the worker has no such context',
    fix: (d) => [`add context ${d['context'] ?? ''} to the kubeconfig of the worker, or name another in the spec`],
  },
  FOREIGN: {
    retry: 'never',
    title: 'an object of this name already exists and does not belong to this federation',
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
