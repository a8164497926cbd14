import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheHome } from '../../sandbox/layout.ts';
import type { Operator } from '../e2e/world.ts';
import { type Ran, root } from '../e2e/world.ts';
import type { Orders } from './orders.ts';

/** How a command ended; `tail` of what it said when that was not well. */
export interface End {
  code: number;
  tail: string;
}

const worker = [process.execPath, '--disable-warning=ExperimentalWarning', join(root, 'test/crash/worker.ts')];
/** Longest that one command may take through all deaths, ms. */
const commandMs = 2_400_000;

/**
 * Runs a command of fedctl to its end, while workers die by the orders and are started again. `dead` is called after
 * each death, before the next worker. A step that lost its patience to dying workers is blocked for a moment and goes
 * on by itself: the command is given again then, as its operator would.
 */
export async function through(
  operator: Operator,
  federation: string,
  orders: Orders,
  args: readonly string[],
  dead: () => Promise<void> = async () => {},
): Promise<End> {
  const env = {
    CRASH_ORDERS: JSON.stringify(orders),
    CRASH_FOLDER: operator.folder,
    CRASH_FEDERATION: federation,
    CRASH_CACHE: cacheHome(),
    NODE_COMPILE_CACHE: join(cacheHome(), 'compiled'),
  };
  let ended = false;
  const ran = untilNotBlocked(operator, [join(root, 'fedctl'), ...args]).finally(() => (ended = true));
  let alive: ChildProcess | undefined;
  for (let workers = 0; !ended; await delay(50)) {
    if (!alive || alive.signalCode !== null || alive.exitCode !== null) {
      if (workers > 0) await dead();
      workers += 1;
      // It may die again before it says that it is ready.
      alive = await operator.startWorker(env, worker).catch(() => undefined);
    }
  }
  if (alive) await operator.kill(alive);
  const { code, stderr } = await ran;
  return { code, tail: code === 0 ? '' : stderr.slice(-3_000) };
}

async function untilNotBlocked(operator: Operator, argv: readonly string[]): Promise<Ran> {
  for (let times = 0; ; times += 1) {
    const ran = await operator.run(argv, { timeoutMs: commandMs });
    if (ran.code !== 6 || times === 30) return ran;
    await delay(2_000);
  }
}
