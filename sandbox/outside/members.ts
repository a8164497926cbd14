import { setTimeout as delay } from 'node:timers/promises';
import { stoppedWish } from '../inside/cloud-members.ts';
import { hostFiles } from '../inside/host.ts';
import { kubectl } from '../inside/kubectl.ts';
import { memberServes } from '../inside/members.ts';
import type { Settings } from '../settings.ts';

/** ms a member may take to stop or to start. */
const obeyWithinMs = 90_000;

/** Says in the host cluster what one member shall do; what is said of others, and of the cloud, stays. */
async function say(settings: Settings, name: string, wish: 'running' | 'stopped'): Promise<void> {
  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'sandbox-cloud', namespace: 'kube-system' },
    ...(wish === 'stopped' ? { data: { [name]: stoppedWish } } : {}),
  };
  // A manager for each member: what it says no more goes, and nothing else.
  const apply = ['apply', '--server-side', `--field-manager=sandbox-${name}`, '-f', '-'];
  await kubectl(settings, hostFiles(settings).system, apply, JSON.stringify(map));
}

/**
 * Stops a member cluster, or starts it again, and waits until its API server is away, or serves. Throws an Error for a
 * member that the sandbox does not have, and when it does not obey within 90 s.
 */
export async function setMember(settings: Settings, name: string, wish: 'running' | 'stopped'): Promise<void> {
  const { members, layout } = settings;
  if (!members.includes(name))
    throw new Error(`sandbox ${layout.id} has no member ${name}; it has ${members.join(', ') || 'none'}`);
  await say(settings, name, wish);
  for (const end = Date.now() + obeyWithinMs; ; await delay(100)) {
    if ((await memberServes(settings, name)) === (wish === 'running')) return;
    if (Date.now() > end)
      throw new Error(`${name} is not ${wish} after ${obeyWithinMs / 1_000} s; see ${layout.state}/logs/sandbox.log`);
  }
}
