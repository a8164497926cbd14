import http from 'node:http';
import https from 'node:https';
import { retryAfterMs } from '../../kit/retry-after.ts';
import type { ErrorCodeName } from '../../../src/errors/codes.ts';
import { ApplicationFailure } from '@temporalio/common';
import { classify, failure, httpFailure } from '../../kit/fail.ts';
import { deadline, requestTimeoutMs } from '../../kit/deadline.ts';

/** Longest body that is read, bytes: manifests are at most 4 MiB (OCI distribution specification). */
const bodyBytes = 4 * 1024 * 1024;
const redirectsAtMost = 5;

/** An answer with any status. */
export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  url: URL;
}

/** What is sent. */
export interface Outgoing {
  method: string;
  url: URL;
  headers?: Record<string, string>;
  body?: string | undefined;
}

/** How a server proves itself, and how long it may take. */
export interface Trust {
  /** PEMs of the CAs to trust; undefined: those that Node trusts anyway. */
  ca?: string[] | undefined;
  /** Any certificate will do. */
  anyCertificate: boolean;
  /** ms for a request with all its redirects; 30 s unless given. */
  timeoutMs?: number | undefined;
}

function once({ method, url, headers = {}, body }: Outgoing, trust: Trust, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const tls = { rejectUnauthorized: !trust.anyCertificate, ...(trust.ca ? { ca: trust.ca } : {}) };
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { method, headers: { 'user-agent': 'fedctl', ...headers, ...length }, signal, ...tls };
    const request = (url.protocol === 'http:' ? http : https).request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= bodyBytes) chunks.push(chunk);
        else request.destroy(new Error(`the answer to ${method} is larger than ${bodyBytes} bytes`));
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), url }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/**
 * Sends one request, follows redirects of GET and HEAD (without Authorization when they lead to another host) and
 * gives up when it timed out. Errors come out as they are thrown; any status is an answer.
 */
export async function exchangeRaw(request: Outgoing, trust: Trust): Promise<Answer> {
  const { signal, cause } = deadline(trust.timeoutMs ?? requestTimeoutMs);
  let at = request;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await once(at, trust, signal).catch((error: unknown) => {
      throw cause(error);
    });
    const { location } = answer.headers;
    const follows = location && [301, 302, 303, 307, 308].includes(answer.status) && /^(GET|HEAD)$/.test(at.method);
    if (!follows || redirects >= redirectsAtMost) return answer;
    const url = new URL(location, at.url);
    const { authorization = '', ...others } = at.headers ?? {};
    at = {
      ...at,
      url,
      headers: { ...others, ...(url.host === at.url.host && authorization ? { authorization } : {}) },
    };
  }
}

/** The same, with errors as failures of the table: UNREACHABLE, REGISTRY_TLS, cancellations. */
export async function exchange(request: Outgoing, trust: Trust, registry: string): Promise<Answer> {
  try {
    return await exchangeRaw(request, trust);
  } catch (error) {
    const known = classify(error, {
      server: `registry ${registry}`,
      what: `${request.method} ${request.url.pathname}`,
    });
    if (!(known instanceof ApplicationFailure) || known.type !== 'TLS_MISMATCH') throw known;
    throw failure('REGISTRY_TLS', known.message, { registry });
  }
}

/** The registry's own words: `errors[].message` of the OCI distribution specification, else the text. */
export function wordsOf({ body }: Answer): string {
  const text = body.toString('utf8');
  try {
    const { errors = [] } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    const words = errors.map(({ code, message }) => message || code).filter(Boolean);
    if (words.length > 0) return words.join('; ');
  } catch {
    // No JSON: the text itself is all there is.
  }
  return text.slice(0, 300).trim();
}

/** The code of an answer that is none of those hoped for; `push`: it was asked to take something. */
function codeOf({ status }: Answer, words: string, purpose: 'pull' | 'push'): ErrorCodeName | undefined {
  if (purpose === 'push' && (status === 405 || /read.?only/i.test(words))) return 'REGISTRY_READ_ONLY';
  if (status === 401 || status === 403) return 'REGISTRY_DENIED';
  if (purpose === 'push' && status === 404) return 'REPOSITORY_MISSING';
  if (status === 408 || status === 429 || status >= 500) return undefined;
  return 'REGISTRY_ANSWER';
}

/** An answer that is none of those hoped for, as a failure of the table with the registry's words. */
export function refusal(answer: Answer, registry: string, what: string, purpose: 'pull' | 'push' = 'pull'): Error {
  const { status } = answer;
  const message = wordsOf(answer);
  const code = codeOf(answer, message, purpose);
  if (code)
    return failure(code, `registry ${registry} answered ${status} to ${what}: ${message}`, { registry, status });
  const about = { server: `registry ${registry}`, what: `registry ${registry}: ${what}` };
  return httpFailure({ status, message, retryAfterMs: retryAfterMs(answer.headers['retry-after']) }, about);
}
