import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where everything of one sandbox is: pure arithmetic on its id, so that two sandboxes never meet. */
export interface Layout {
  id: number;
  /** Node, API servers and registry; reached from pods, from the worker and from people alike. */
  address: string;
  dnsAddress: string;
  /** Pods and load balancers: /24. */
  subnet: string;
  podRange: [string, string];
  loadBalancers: { first: number; last: number; prefix: string };
  /** The cable between the machine and the sandbox: /30. */
  outside: { device: string; address: string };
  inside: { device: string; address: string };
  registry: string;
  dnsApi: string;
  temporal: { port: number; uiPort: number };
  memberPort: (index: number) => number;
  cgroup: string;
  state: string;
}

/** Ids that can be chosen: they become the second byte of an address. */
export const idRange = { first: 1, last: 254 } as const;

/** Throws a RangeError for an id that is no whole number from 1 to 254. */
export function layoutOf(id: number, env: NodeJS.ProcessEnv = process.env): Layout {
  if (!Number.isInteger(id) || id < idRange.first || id > idRange.last) {
    throw new RangeError(`sandbox id ${id} must be a whole number from ${idRange.first} to ${idRange.last}`);
  }
  const base = `10.${id}`;
  const address = `${base}.0.1`;
  return {
    id,
    address,
    dnsAddress: `${base}.0.53`,
    subnet: `${base}.0.0/24`,
    podRange: [`${base}.0.60`, `${base}.0.199`],
    loadBalancers: { prefix: `${base}.0.`, first: 200, last: 250 },
    outside: { device: `fed-out${id}`, address: `${base}.255.1` },
    inside: { device: `fed-in${id}`, address: `${base}.255.2` },
    registry: `${address}:5000`,
    dnsApi: `http://${base}.0.53:8081`,
    temporal: { port: 10_033 + id * 100, uiPort: 10_034 + id * 100 },
    memberPort: (index) => 7_440 + index,
    cgroup: `fedctl-${id}`,
    state: join(stateHome(env), `sandbox-${id}`),
  };
}

/** Folder of all sandboxes' states, and of the worker's own files. */
export const stateHome = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state'), 'fedctl');

/** Folder of what is built once for all sandboxes. */
export const cacheHome = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'fedctl');

/** Names of the members of a sandbox with `count` of them. */
export const memberNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `member-${index + 1}`);
