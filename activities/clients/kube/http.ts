import https from 'node:https';
import http from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import { retryAfterMs } from '../../kit/retry-after.ts';
import { classify } from '../../kit/fail.ts';
import { deadline } from '../../kit/deadline.ts';

/** How audit logs of the clusters name us. */
const userAgent = 'fedctl';

/** An answer with any status. */
export interface HttpAnswer {
  status: number;
  body: string;
  retryAfterMs: number | undefined;
}

/** What is sent. */
export interface HttpRequest {
  method: string;
  path: string;
  query?: Record<string, string | undefined> | undefined;
  body?: object | undefined;
  contentType?: string | undefined;
}

/** Sends requests to one API server with one identity. Throws UNREACHABLE, TLS_MISMATCH and cancellations; any status is an answer. */
export type Send = (request: HttpRequest) => Promise<HttpAnswer>;

function exchange(url: URL, options: https.RequestOptions, body: string | undefined): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'http:' ? http : https).request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString('utf8'),
          retryAfterMs: retryAfterMs(response.headers['retry-after']),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends with one state of the credentials. */
function sendAs(config: KubeConfig, timeoutMs: number): Send {
  const server = config.getCurrentCluster()?.server ?? '';
  let agent: http.Agent | undefined;
  return async ({ method, path, query = {}, body, contentType }) => {
    const url = new URL(`${server.replace(/\/+$/, '')}${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const { signal, cause } = deadline(timeoutMs);
    try {
      const options: https.RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      // One agent a client: connections are kept, and TLS is negotiated once.
      agent ??= options.agent as http.Agent;
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        ...options.headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(text
          ? { 'content-type': contentType ?? 'application/json', 'content-length': Buffer.byteLength(text) }
          : {}),
      };
      return await exchange(url, { ...options, method, headers, agent, signal }, text);
    } catch (error) {
      throw classify(cause(error), { server, what: `${method} ${path}`, timeoutMs });
    }
  };
}

/** How a sender is made. */
export interface SenderOptions {
  /** Reads the credentials anew: the kubeconfig, the files it names, what its exec program says now. */
  renew: () => Promise<KubeConfig>;
  /** ms one request may take in all. */
  timeoutMs: number;
}

/**
 * A sender with the identity of the KubeConfig's current context. The KubeConfig must be this sender's own: client-node
 * freezes the server of a shared one but signs with whatever user is current at the call. A token may have run out
 * since it was read: after a 401 the credentials are read anew and the request, of which nothing was done, is sent
 * once more.
 */
export function senderOf(config: KubeConfig, { renew, timeoutMs }: SenderOptions): Send {
  let send = sendAs(config, timeoutMs);
  return async (request) => {
    const answer = await send(request);
    if (answer.status !== 401) return answer;
    send = sendAs(await renew(), timeoutMs);
    return send(request);
  };
}
