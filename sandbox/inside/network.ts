import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Layout } from '../layout.ts';
import { run, succeeds } from '../run.ts';

/** Device that holds the addresses of node, registry and DNS. A bridge with nothing on it: not every kernel has dummies. */
const device = 'fedctl0';

/** Waits for the cable that the outside lays, then makes addresses and routes. */
export async function setUpNetwork({ address, dnsAddress, subnet, inside, outside }: Layout): Promise<void> {
  await run(['ip', 'link', 'set', 'lo', 'up']);
  for (const end = Date.now() + 10_000; !(await succeeds(['ip', 'link', 'show', inside.device])); await delay(50)) {
    if (Date.now() > end) throw new Error(`the cable ${inside.device} was not laid within 10 s`);
  }
  const ip = (text: string): Promise<string> => run(['ip', ...text.split(' ')]);
  await ip(`addr add ${inside.address}/30 dev ${inside.device}`);
  await ip(`link set ${inside.device} up`);
  await ip(`route add default via ${outside.address}`);
  await ip(`link add ${device} type bridge`);
  await ip(`addr add ${address}/32 dev ${device}`);
  await ip(`addr add ${dnsAddress}/32 dev ${device}`);
  await ip(`link set ${device} up`);
  // Load balancer addresses: kube-proxy catches them, but only packets that have a route come by.
  await ip(`route add ${subnet} dev ${device}`);
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
}
