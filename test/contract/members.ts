import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { read, type Pair } from './pki.ts';
import { tokens } from './world.ts';

/** A member cluster as a probe sees it. */
export interface Member {
  address: string;
  /** What /healthz answers to who shows the member's token; changed by tests. */
  answer: { status: number; body: string };
  stop(): Promise<void>;
}

/** Starts a member whose certificate is `pair`. Who shows another token gets a 401. */
export async function startMember(pair: Pair): Promise<Member> {
  const answer = { status: 200, body: 'ok' };
  const server = createServer({ cert: read(pair.cert), key: read(pair.key) }, (request, response) => {
    const known = request.headers.authorization === `Bearer ${tokens.member}`;
    response.statusCode = known ? answer.status : 401;
    response.end(!known ? 'Unauthorized' : request.url === '/healthz' ? answer.body : 'not found');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `https://127.0.0.1:${port}`,
    answer,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
