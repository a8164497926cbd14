import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../kubernetes/certificate.ts';

/**
 * What happens to a request: an answer in place of the server's; the server's answer lost, or cut off in its middle,
 * after it acted; a connection that breaks before the server hears of it; no answer ever.
 */
export type Fault =
  | { status: number; body: string; headers?: Record<string, string> }
  | 'answer lost'
  | 'answer cut'
  | 'reset'
  | 'silence';

/** A request that waits before the server hears of it. */
export interface Held {
  /** Resolves when it came. */
  came: Promise<void>;
  /** Lets it go on, if its client still waits. */
  release(): void;
}

/** A proxy on loopback before a server, which tests make fail. */
export interface FaultProxy {
  url: string;
  /** Faults of the next requests of this method, one each; `PUT /manifests/` are those with this part in their path. */
  fail(method: string, ...faults: Fault[]): void;
  /** Holds the next request, named in the same way, until it is released. */
  hold(method: string): Held;
  /** Forgets the faults that did not happen; answers how many those were. */
  forget(): number;
  /** Method and path of every request that came. */
  requests: string[];
  stop(): Promise<void>;
}

const isLike = (named: string, { method, url = '' }: http.IncomingMessage): boolean => {
  const [wanted, part = ''] = named.split(' ');
  return method === wanted && url.includes(part);
};

/** A request as a judge sees it. */
export interface Seen {
  method: string;
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}
/** What the real server would answer where the one behind the proxy is kinder; undefined: it is asked. */
export type Judge = (request: Seen) => Fault | undefined;

async function read(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const listening = (server: http.Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

const closed = (server: http.Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Sends the head and the first half of an answer that has a body, and breaks the connection. */
async function cutOff(answer: http.IncomingMessage, to: http.ServerResponse): Promise<void> {
  const body = await read(answer);
  const { statusCode = 500, headers, method } = { ...answer, method: to.req.method, headers: answer.headers };
  const bodiless = method === 'HEAD' || statusCode === 204;
  if (bodiless) return void to.destroy();
  const { 'transfer-encoding': _encoding, ...others } = headers;
  to.writeHead(statusCode, { ...others, 'content-length': body.length + 1 });
  to.write(body.subarray(0, Math.ceil(body.length / 2)), () => to.destroy());
  to.flushHeaders();
}

export async function startFaultProxy(target: string, judge?: Judge): Promise<FaultProxy> {
  const faults: { method: string; fault: Fault }[] = [];
  const holds: { method: string; came: () => void; released: Promise<void> }[] = [];
  const requests: string[] = [];
  const { request: ask } = target.startsWith('https:') ? https : http;
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const holding = holds.findIndex(({ method }) => isLike(method, request));
    const [held] = holding < 0 ? [] : holds.splice(holding, 1);
    held?.came();
    const go = (): void => void serve(request, response).catch(() => request.socket.destroy());
    if (held) void held.released.then(go);
    else go();
  });
  const serve = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    if (request.destroyed) return;
    const at = faults.findIndex(({ method }) => isLike(method, request));
    const [next] = at < 0 ? [] : faults.splice(at, 1);
    // Only what a judge reads is read before it goes on.
    const body = judge && (await read(request));
    const { method = 'GET', url: path = '/', headers: given } = request;
    // A request whose answer gets lost or cut off still reaches the server.
    const reaches = !next || next.fault === 'answer lost' || next.fault === 'answer cut';
    const judged = body && reaches ? judge({ method, path, headers: given, body: body.toString() }) : undefined;
    const fault = judged ?? next?.fault;
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    if (fault === 'silence') return void request.resume();
    if (typeof fault === 'object') {
      request.resume();
      response.writeHead(fault.status, fault.headers ?? {}).end(fault.body);
      return;
    }
    const { host, ...others } = request.headers;
    // Registries say where an upload goes on: by this address too.
    const headers = { ...others, 'x-forwarded-host': host };
    const options = { method: request.method!, headers, rejectUnauthorized: false };
    const onward = ask(new URL(request.url ?? '/', target), options, (answer) => {
      if (fault === 'answer lost') {
        answer.resume();
        answer.on('end', () => request.socket.destroy());
      } else if (fault === 'answer cut') {
        cutOff(answer, response).catch(() => request.socket.destroy());
      } else {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      }
    });
    onward.on('error', () => request.socket.destroy());
    if (body) onward.end(body);
    else request.pipe(onward);
  };
  return {
    url: `http://127.0.0.1:${await listening(server)}`,
    fail: (method, ...more) => faults.push(...more.map((fault) => ({ method, fault }))),
    hold: (method) => {
      const came = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      holds.push({ method, came: came.resolve, released: released.promise });
      return { came: came.promise, release: released.resolve };
    },
    forget: () => faults.splice(0).length,
    requests,
    stop: () => closed(server),
  };
}

/** A server on loopback whose certificate nobody vouches for. */
export async function startImpostor(): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'fedctl-impostor-'));
  const [certificate, key] = [join(folder, 'server.crt'), join(folder, 'server.key')];
  makeCertificate(certificate, key);
  const tls = { cert: readFileSync(certificate), key: readFileSync(key) };
  rmSync(folder, { recursive: true });
  const server = https.createServer(tls, (_, response) => void response.end('{}'));
  return { url: `https://127.0.0.1:${await listening(server)}`, stop: () => closed(server) };
}
