import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to the next request: an answer in place of the server's, or the server's answer lost after it acted. */
export type Fault = { status: number; body: string; headers?: Record<string, string> } | 'answer lost';

/** A proxy on loopback before a server, which tests make fail. */
export interface FaultProxy {
  url: string;
  /** Faults of the next requests of this method, one each. */
  fail(method: string, ...faults: Fault[]): void;
  /** Method and path of every request that came. */
  requests: string[];
  stop(): Promise<void>;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const faults: { method: string; fault: Fault }[] = [];
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const at = faults.findIndex(({ method }) => method === request.method);
    const [next] = at < 0 ? [] : faults.splice(at, 1);
    const fault = next?.fault;
    if (fault && fault !== 'answer lost') {
      request.resume();
      response.writeHead(fault.status, fault.headers ?? {}).end(fault.body);
      return;
    }
    const { host: _host, ...headers } = request.headers;
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
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: (method, ...more) => faults.push(...more.map((fault) => ({ method, fault }))),
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
