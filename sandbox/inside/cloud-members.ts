import { existsSync } from 'node:fs';
import type { Settings } from '../settings.ts';
import { memberKubeconfig, revive, setMember } from './members.ts';

/** What ConfigMap kube-system/sandbox-cloud says under the name of a member that shall stand still. */
export const stoppedWish = 'stopped';

/**
 * Stops and starts members as wished, and brings back what ended by itself; `standing` remembers which stand still.
 * Throws when one does not obey.
 */
export async function serveMembers(
  settings: Settings,
  wished: ReadonlySet<string>,
  standing: Set<string>,
): Promise<void> {
  for (const name of settings.members) {
    if (wished.has(name) === standing.has(name)) {
      // One that is still being made has no kubeconfig yet: its maker starts its parts.
      if (!wished.has(name) && existsSync(memberKubeconfig(settings, name))) await revive(settings, name);
      continue;
    }
    await setMember(settings, name, wished.has(name) ? 'stopped' : 'running');
    if (wished.has(name)) standing.add(name);
    else standing.delete(name);
  }
}
