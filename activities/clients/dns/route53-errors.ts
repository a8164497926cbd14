import type { ErrorCodeName } from '../../../src/errors/codes.ts';
import { classify, failure } from '../../kit/fail.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';

/** Names of errors as Route 53 and the SDK give them (API reference, "Errors" of each action, and Common Errors). */
const codes: Record<string, ErrorCodeName> = {
  AccessDenied: 'DNS_FORBIDDEN',
  AccessDeniedException: 'DNS_FORBIDDEN',
  UnauthorizedOperation: 'DNS_FORBIDDEN',
  NotAuthorizedException: 'DNS_FORBIDDEN',
  OptInRequired: 'DNS_CREDENTIALS',
  InvalidClientTokenId: 'DNS_CREDENTIALS',
  UnrecognizedClientException: 'DNS_CREDENTIALS',
  InvalidAccessKeyId: 'DNS_CREDENTIALS',
  SignatureDoesNotMatch: 'DNS_CREDENTIALS',
  IncompleteSignature: 'DNS_CREDENTIALS',
  MissingAuthenticationToken: 'DNS_CREDENTIALS',
  ExpiredToken: 'DNS_CREDENTIALS',
  ExpiredTokenException: 'DNS_CREDENTIALS',
  RequestExpired: 'DNS_CREDENTIALS',
  CredentialsProviderError: 'DNS_CREDENTIALS_MISSING',
  TokenProviderError: 'DNS_CREDENTIALS_MISSING',
  NoSuchHostedZone: 'NOT_FOUND',
  NoSuchChange: 'NOT_FOUND',
  HostedZoneNotFound: 'NOT_FOUND',
  HostedZoneNotEmpty: 'DNS_ZONE_IN_USE',
  // Made a moment ago (by us, before a crash) and not in the lists yet; or the reference of a zone that is gone.
  HostedZoneAlreadyExists: 'DNS_ZONE_UNSEEN',
  // A network sees one private zone of a name.
  ConflictingDomainExists: 'DNS_NETWORK',
  DelegationSetNotAvailable: 'DNS_DELEGATION_SET_LIMIT',
  TooManyHostedZones: 'DNS_QUOTA',
  LimitsExceeded: 'DNS_QUOTA',
  InvalidVPCId: 'DNS_NETWORK',
  Throttling: 'RATE_LIMITED',
  ThrottlingException: 'RATE_LIMITED',
  TooManyRequestsException: 'RATE_LIMITED',
  RequestLimitExceeded: 'RATE_LIMITED',
  PriorRequestNotComplete: 'RATE_LIMITED',
};

/** An error as the SDK throws it: with the HTTP answer, when there was one. */
interface SdkError extends Error {
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
}

/** ms that Route 53 wants us to wait when it does not say: it takes five requests a second of an account. */
const pauseMs = 2_000;

/** Any error of a call to Route 53, as a failure of the table. */
export function route53Failure(
  error: unknown,
  about: { label: string; server: string; what: string; zone: string },
): Error {
  const { name = '', message = '', $metadata = {}, $response } = (error ?? {}) as SdkError;
  const status = $metadata.httpStatusCode;
  const code = codes[name] ?? codeOfStatus(status);
  // No whole answer: a connection that broke, or a cancellation.
  if (code === undefined) return classify(unwrapped(error), { server: about.server, what: about.what });
  const data = { provider: 'aws-route53', server: about.server, zone: about.zone, status, reason: name };
  const wait = code === 'RATE_LIMITED' ? (retryAfterMs($response?.headers?.['retry-after']) ?? pauseMs) : undefined;
  return failure(code, `${about.label} answered ${name} to ${about.what}: ${message}`, data, { retryAfterMs: wait });
}

/** The SDK wraps what is no Error of its own realm (asSdkError), and its code stays only in the text. */
function unwrapped(error: unknown): unknown {
  const { message = '' } = (error ?? {}) as { message?: string };
  if (!message.startsWith('AWS SDK error wrapper for ')) return error;
  const code = codeIn(message);
  return code ? Object.assign(new Error(message), { code }) : error;
}

function codeIn(message: string): string | undefined {
  if (/socket hang up|: aborted/.test(message)) return 'ECONNRESET';
  return /certificate/.test(message) ? 'CERT_UNTRUSTED' : /\bE[A-Z]{4,}\b/.exec(message)?.[0];
}

/** A status of success means that the answer broke off after its head: the SDK notes it on whatever went wrong. */
function codeOfStatus(status: number | undefined): ErrorCodeName | undefined {
  if (status === undefined || status < 300) return undefined;
  if (status === 401) return 'DNS_CREDENTIALS';
  if (status === 403) return 'DNS_FORBIDDEN';
  if (status === 404) return 'NOT_FOUND';
  if (status === 409) return 'CONFLICT';
  if (status === 429) return 'RATE_LIMITED';
  return status === 408 || status >= 500 ? 'SERVER_ERROR' : 'INVALID';
}
