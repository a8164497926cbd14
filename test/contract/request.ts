import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { until } from './processes.ts';

export interface Condition {
  type: string;
  status: string;
  lastProbeTime: string;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** What tests read of any answer; which of it is there depends on the kind. */
export interface Json {
  kind?: string;
  apiVersion?: string;
  message: string;
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
    finalizers?: string[];
  };
  spec: { serverAddressByClientCIDRs: { clientCIDR: string; serverAddress: string }[]; secretRef?: { name?: string } };
  status: { conditions?: Condition[] };
  items: Json[];
  gitVersion: string;
}

/** An API server, and how to be known to it. */
export interface Endpoint {
  port: number;
  ca: string;
  token?: string;
  basic?: string;
  cert?: string;
  key?: string;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; throws when it is none. */
  body: Json;
}

export interface Call {
  method?: string;
  body?: unknown;
  type?: string;
  accept?: string;
}

export interface Watching {
  status: number;
  events: { type: string; object: Json }[];
  ended: Promise<void>;
  close(): void;
}

function open(to: Endpoint, path: string, call: Call): ReturnType<typeof httpsRequest> {
  const headers: Record<string, string> = { accept: call.accept ?? 'application/json' };
  if (to.token) headers['authorization'] = `Bearer ${to.token}`;
  if (to.basic) headers['authorization'] = `Basic ${Buffer.from(to.basic).toString('base64')}`;
  const body = call.body === undefined || typeof call.body === 'string' ? call.body : JSON.stringify(call.body);
  if (body !== undefined) {
    headers['content-type'] = call.type ?? 'application/json';
    headers['content-length'] = String(Buffer.byteLength(body)); // node sends none with a DELETE
  }
  const { port, ca, cert, key } = to;
  // No connection outlives its call: the servers stop and start again between tests.
  const agent = new Agent({ keepAlive: false });
  const sent = httpsRequest({
    host: '127.0.0.1',
    port,
    path,
    method: call.method ?? 'GET',
    headers,
    ca,
    cert,
    key,
    agent,
  });
  sent.end(body);
  return sent;
}

/** Sends one request over HTTPS. Rejects when there is no answer. */
export const send = (to: Endpoint, path: string, call: Call = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    open(to, path, call)
      .on('error', reject)
      .on('response', (answer) => {
        let text = '';
        answer.on('error', reject);
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text,
            get body() {
              return JSON.parse(text) as Json;
            },
          }),
        );
      });
  });

/** Opens a watch; resolves with the head of the answer, while events go on arriving. */
export const watch = (to: Endpoint, path: string): Promise<Watching> =>
  new Promise((resolve, reject) => {
    const sent = open(to, path, {});
    sent.on('error', reject).on('response', (answer) => {
      const events: Watching['events'] = [];
      let rest = '';
      answer.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        events.push(...lines.filter(Boolean).map((line) => JSON.parse(line) as Watching['events'][number]));
      });
      const ended = new Promise<void>((done) => answer.once('close', done));
      answer.on('error', () => {}); // close() destroys it
      resolve({ status: answer.statusCode ?? 0, events, ended, close: () => sent.destroy() });
    });
  });

/** Waits for an event that `test` is true for. */
export const eventOf = (
  watching: Watching,
  what: string,
  test: (event: { type: string; object: Json }) => boolean,
): Promise<{ type: string; object: Json }> => until(what, 10_000, () => watching.events.find(test));
