import type { ApplicationFailure } from '@temporalio/common';
import type { ErrorCodeName } from '../../../src/errors/codes.ts';
import { classify, failure } from '../../kit/fail.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';

/** An HTTP answer, read to its end. */
export interface GoogleAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Reasons of `error.errors[]` as Cloud DNS gives them (https://cloud.google.com/dns/docs/reference/rest/v1). */
const codes: Record<string, ErrorCodeName> = {
  verifyManagedZoneDnsNameOwnership: 'DNS_DOMAIN_NOT_VERIFIED',
  managedZoneDnsNameNotAvailable: 'DNS_DELEGATION_SET_LIMIT',
  containerNotEmpty: 'DNS_ZONE_IN_USE',
  quotaExceeded: 'DNS_QUOTA',
  rateLimitExceeded: 'RATE_LIMITED',
  userRateLimitExceeded: 'RATE_LIMITED',
  authError: 'DNS_CREDENTIALS',
  required: 'DNS_CREDENTIALS',
  accessNotConfigured: 'DNS_PROJECT',
  SERVICE_DISABLED: 'DNS_PROJECT',
  projectNotFound: 'DNS_PROJECT',
  RESOURCE_PROJECT_INVALID: 'DNS_PROJECT',
  CONSUMER_INVALID: 'DNS_PROJECT',
  conditionNotMet: 'CONFLICT',
};

/** ms to wait when a rate limit does not say: the quota is counted by the minute. */
const pauseMs = 10_000;

interface ErrorBody {
  error?: {
    message?: string;
    errors?: { reason?: string; message?: string }[];
    details?: { reason?: string }[];
  };
}

function parsed(text: string): NonNullable<ErrorBody['error']> {
  try {
    return (JSON.parse(text) as ErrorBody).error ?? {};
  } catch {
    return { message: text.slice(0, 300) };
  }
}

/** An answer that is no success, as a failure of the table. */
export function googleFailure(
  answer: GoogleAnswer,
  about: { label: string; server: string; what: string; zone: string; project: string },
): ApplicationFailure {
  const { message = '', errors = [], details = [] } = parsed(answer.text);
  const reasons = [...details, ...errors].flatMap(({ reason }) => (reason ? [reason] : []));
  const code = codeOf(answer.status, reasons, message);
  const { server, zone, project } = about;
  const data = { provider: 'google-clouddns', server, zone, project, status: answer.status, reason: reasons[0] };
  const wait = code === 'RATE_LIMITED' ? (retryAfterMs(answer.headers.get('retry-after')) ?? pauseMs) : undefined;
  const text = `${about.label} answered ${answer.status} to ${about.what}: ${message}`;
  return failure(code, text, data, { retryAfterMs: wait });
}

const byStatus: Record<number, ErrorCodeName> = {
  401: 'DNS_CREDENTIALS',
  403: 'DNS_FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'SERVER_ERROR',
  409: 'CONFLICT',
  412: 'CONFLICT',
  429: 'RATE_LIMITED',
};

function codeOf(status: number, reasons: readonly string[], message: string): ErrorCodeName {
  const known = reasons.map((reason) => (Object.hasOwn(codes, reason) ? codes[reason] : undefined)).find(Boolean);
  if (known) return known;
  // "The 'parameters.managedZone' resource named …" is a zone; of a project it is "Failed to find project …".
  if (status === 404 && /'parameters\.project'|find project/i.test(message)) return 'DNS_PROJECT';
  if (status === 400 && /network/i.test(message)) return 'DNS_NETWORK';
  return byStatus[status] ?? (status >= 500 ? 'SERVER_ERROR' : 'INVALID');
}

/** An error of the chain of credentials: nothing found, a file that cannot be read, or a token that is refused. */
export function authFailure(error: unknown, about: { label: string; keyFilename: string | undefined }): Error {
  const { message = '', status } = (error ?? {}) as { message?: string; status?: number };
  const code = authCode(message, status);
  if (!code) return classify(error, { server: 'the token server', what: 'asking for a token' });
  const file = about.keyFilename ? ` (key file ${about.keyFilename})` : '';
  return failure(code, `${about.label}: ${message}${file}`, { provider: 'google-clouddns' });
}

/** Texts of google-auth-library 10 and of Node, which give no codes for these. */
const authTexts: [RegExp, ErrorCodeName][] = [
  [/unable to detect a project id/i, 'DNS_PROJECT'],
  [/could not load the default credentials|does not exist|not a file|ENOENT|EACCES/i, 'DNS_CREDENTIALS_MISSING'],
  [/JSON|private_key|client_email|DECODER|PEM|credential|key must be/i, 'DNS_CREDENTIALS'],
];

function authCode(message: string, status: number | undefined): ErrorCodeName | undefined {
  if (status !== undefined) return status >= 500 ? 'SERVER_ERROR' : 'DNS_CREDENTIALS';
  return authTexts.find(([text]) => text.test(message))?.[1];
}
