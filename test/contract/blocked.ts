import { cluster, created, get, putSecret, remove } from './objects.ts';
import { until } from './processes.ts';
import type { Json } from './request.ts';
import { probed, twoTicks } from './ticks.ts';
import { tokens, type World } from './world.ts';

/** What a Cluster whose Secret is absent did to another one that is well, and what became of it. */
export interface BlockedTimeline {
  /** How long the Cluster that is well was not probed, seconds. */
  silentSeconds: number;
  /** Status of the blocking Cluster some ticks after its Secret came. */
  afterSecretCame: object;
  /** The same Cluster, deleted and created again. */
  afterRecreation: Json;
}

/**
 * Plays it through with an API server and a controller manager of its own, since everything else would stand still for
 * that minute. Secrets are the main API server's, which is the host of both.
 */
export async function playBlocked(world: World): Promise<BlockedTimeline> {
  const federation = await world.startApiserver('/blocked');
  const { endpoint } = federation;
  const host = world.main.endpoint;
  // The API server plays the member, too: its token is one that it knows.
  const kubeconfig = world.kubeconfig('https://unused.invalid', { token: tokens.admin });
  const at = (name: string): object => ({
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: `https://127.0.0.1:${endpoint.port}` }],
    secretRef: { name },
  });
  await putSecret(host, 'blocked-good', { kubeconfig });
  await created(endpoint, cluster('well', at('blocked-good')));
  const manager = await world.startControllerManager(federation);
  await probed(endpoint, 'well');

  const probeTime = async (): Promise<string> =>
    (await get(endpoint, 'well')).body.status.conditions?.[0]?.lastProbeTime ?? '';
  await created(endpoint, cluster('waits', at('blocked-late')));
  // The probe that was under way may still end; what counts is the longest silence.
  let last = { time: await probeTime(), at: Date.now() };
  const silentSeconds = await until('probes go on after a silence', 90_000, async () => {
    const time = await probeTime();
    if (time === last.time) return undefined;
    const silence = (Date.now() - last.at) / 1_000;
    last = { time, at: Date.now() };
    return silence > 10 ? silence : undefined;
  });
  await putSecret(host, 'blocked-late', { kubeconfig });
  await twoTicks(endpoint, 'well');
  const afterSecretCame = (await get(endpoint, 'waits')).body.status;
  await remove(endpoint, 'waits');
  await created(endpoint, cluster('waits', at('blocked-late')));
  const afterRecreation = await probed(endpoint, 'waits');
  await manager.stop();
  await federation.process.stop();
  return { silentSeconds, afterSecretCame, afterRecreation };
}
