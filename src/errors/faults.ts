import { errorCodes, type ErrorCodeName } from './codes.ts';

/** What can go wrong with one request. */
export const faults = {
  refused: 'connection refused: nothing listens at the address',
  reset: 'the connection is reset in the middle of the response',
  silence: 'the request is accepted, and no response comes within 30 s',
  tls: 'the certificate of the server is not signed by a trusted CA',
  'status 500': 'internal server error',
  'status 503': 'the server, or a proxy in front of it, is unavailable',
  'status 429': 'too many requests; with Retry-After',
  'status 409': 'the object exists already, or was changed in the meantime',
  'status 401 once': 'the credentials are rejected, and accepted on the second try',
  'status 401': 'the credentials are rejected on every try',
  'status 403': 'the credentials are valid, but lack the permission',
} as const;
export type FaultName = keyof typeof faults;

/** The code that a call throws, or in words what it answers instead. */
export type Verdict = ErrorCodeName | { value: string };

/** What a run does with a verdict: it is tried again, its step parks, or the step goes on with a value. */
export type FaultEnd = 'retried' | 'parked' | 'value';

/** One kind of server. */
export interface FaultClient {
  title: string;
  /** What a fault comes to in every call without an entry of its own. */
  usual: Record<FaultName, Verdict>;
  /** Every kind of call, with what comes to something else in it. */
  calls: Record<string, Partial<Record<FaultName, Verdict>>>;
}

const again = { value: 'the response to the second try, with credentials read again' };

/** What any server comes to that speaks HTTP. */
const common = {
  refused: 'UNREACHABLE',
  reset: 'UNREACHABLE',
  silence: 'UNREACHABLE',
  tls: 'TLS_MISMATCH',
  'status 500': 'SERVER_ERROR',
  'status 503': 'SERVER_ERROR',
  'status 429': 'RATE_LIMITED',
  'status 409': 'CONFLICT',
  'status 401 once': again,
} as const satisfies Partial<Record<FaultName, Verdict>>;

const kubernetes: FaultClient['usual'] = { ...common, 'status 401': 'UNAUTHENTICATED', 'status 403': 'FORBIDDEN' };
const notOurs = { value: 'nothing: the object there now has another UID, and is not ours' };
const status = { value: 'the status, for the caller to judge' };
const dns: FaultClient['usual'] = { ...common, 'status 401': 'DNS_CREDENTIALS', 'status 403': 'DNS_FORBIDDEN' };
const madeBefore = { 'status 409': { value: 'the existing zone of this name, and whose it is' } };
const plainDnsCalls = { check: {}, find: {}, read: {}, records: {}, ensureRecord: {}, removeRecord: {}, remove: {} };

/**
 * What happens when a request fails, for every client and kind of call; docs/faults.md is made of it, and
 * test/activities/clients/faults.test.ts holds the clients to it.
 */
export const faultTable = {
  kubernetes: {
    title: 'Kubernetes API of the host cluster and the members',
    usual: kubernetes,
    calls: {
      read: {},
      list: {},
      create: {},
      apply: {},
      mergePatch: {},
      jsonPatch: {},
      remove: { 'status 409': notOurs },
      get: {
        'status 500': status,
        'status 503': status,
        'status 429': status,
        'status 409': status,
        'status 401': status,
        'status 403': status,
      },
      can: {},
    },
  },
  federation: {
    title: 'Federation API',
    usual: kubernetes,
    calls: { read: {}, list: {}, create: {}, mergePatch: {}, remove: { 'status 409': notOurs } },
  },
  registry: {
    title: 'Container registry',
    usual: {
      ...common,
      tls: 'REGISTRY_TLS',
      'status 409': 'REGISTRY_ANSWER',
      'status 401 once': { value: 'the response to the second try, with the token or login that the 401 asks for' },
      'status 401': 'REGISTRY_DENIED',
      'status 403': 'REGISTRY_DENIED',
    },
    calls: { find: {}, configOf: {}, platformsOf: {}, tagsOf: {}, checkPush: {} },
  },
  powerdns: {
    title: 'PowerDNS',
    usual: dns,
    calls: { ...plainDnsCalls, create: madeBefore },
  },
  'aws-route53': {
    title: 'Route 53',
    usual: dns,
    calls: { ...plainDnsCalls, create: {}, changeDone: {} },
  },
  'google-clouddns': {
    title: 'Cloud DNS',
    usual: dns,
    calls: { ...plainDnsCalls, create: madeBefore, changeDone: {} },
  },
} as const satisfies Record<string, FaultClient>;
export type FaultClientName = keyof typeof faultTable;

/** What a fault comes to in a call. */
export function verdictOf(client: FaultClient, call: string, fault: FaultName): Verdict {
  return client.calls[call]?.[fault] ?? client.usual[fault];
}

/** What the run makes of a verdict, by the table of errors. */
export function endOf(verdict: Verdict): FaultEnd {
  if (typeof verdict === 'object') return 'value';
  return errorCodes[verdict].retry === 'never' ? 'parked' : 'retried';
}
