import { setTimeout as delay } from 'node:timers/promises';
import { type KubeConfig, Watch } from '@kubernetes/client-node';

/** ms after which a watch that ended begins anew. */
const againMs = 1_000;

/** Tells of changes in a cluster, so that nobody has to ask for them again and again. */
export interface Changes {
  /** Resolves with true when something changed since the last call, with false when nothing did for `withinMs`. */
  next(withinMs: number): Promise<boolean>;
}

/** Watches collections of a cluster by their paths, until the process ends. What changed is for the asker to find out. */
export function watchChanges(config: KubeConfig, paths: readonly string[]): Changes {
  let changed = true;
  let wake: (() => void) | undefined;
  const tell = (): void => {
    changed = true;
    wake?.();
  };
  const follow = async (path: string): Promise<never> => {
    for (;;) {
      const ended = Promise.withResolvers<void>();
      await new Watch(config).watch(path, {}, tell, () => ended.resolve()).catch(() => ended.resolve());
      await ended.promise;
      await delay(againMs);
      tell(); // whatever happened meanwhile was not heard
    }
  };
  for (const path of paths) void follow(path);
  return {
    next: async (withinMs) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      wake = resolve;
      if (!changed) await promise;
      clearTimeout(timer);
      const told = changed;
      changed = false;
      return told;
    },
  };
}
