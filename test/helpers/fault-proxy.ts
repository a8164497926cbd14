import http from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What happens to the next request: an answer in place of the server's, the server's answer lost after it acted, or a
 * connection that breaks before the server hears of it.
 */
export type Fault = { status: number; body: string; headers?: Record<string, string> } | 'answer lost' | 'reset';

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

export async function startFaultProxy(target: string, judge?: Judge): Promise<FaultProxy> {
  const faults: { method: string; fault: Fault }[] = [];
  const holds: { method: string; came: () => void; released: Promise<void> }[] = [];
  const requests: string[] = [];
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
    // A request whose answer gets lost still reaches the server.
    const reaches = !next || next.fault === 'answer lost';
    const judged = body && reaches ? judge({ method, path, headers: given, body: body.toString() }) : undefined;
    const fault = judged ?? next?.fault;
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    if (fault && fault !== 'answer lost') {
      request.resume();
      response.writeHead(fault.status, fault.headers ?? {}).end(fault.body);
      return;
    }
    const { host, ...others } = request.headers;
    // Registries say where an upload goes on: by this address too.
    const headers = { ...others, 'x-forwarded-host': host };
    const onward = http.request(new URL(request.url ?? '/', target), { method: request.method!, headers }, (answer) => {
      if (fault === 'answer lost') {
        answer.resume();
        answer.on('end', () => request.socket.destroy());
      } else {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      }
    });
    onward.on('error', () => request.socket.destroy());
    if (body) onward.end(body);
    else request.pipe(onward);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: (method, ...more) => faults.push(...more.map((fault) => ({ method, fault }))),
    hold: (method) => {
      const came = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      holds.push({ method, came: came.resolve, released: released.promise });
      return { came: came.promise, release: released.resolve };
    },
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
