import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheHome } from '../../sandbox/layout.ts';
import { Operator, type Ran, root } from '../e2e/world.ts';

export type When = 'never' | 'before' | 'middle' | 'after';

/** Runs one command to its end while the worker dies at every act, and is started again each time. */
export class Mortality {
  readonly operator: Operator;
  readonly #file: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(operator: Operator, when: When) {
    this.operator = operator;
    this.#file = operator.path('died.txt');
    this.#env = { CRASH_WHEN: when, CRASH_FILE: this.#file, CRASH_CACHE: cacheHome() };
  }

  static async create(name: string, when: When): Promise<Mortality> {
    const mortality = new Mortality(await Operator.create(name), when);
    await writeFile(mortality.#file, '');
    return mortality;
  }

  /** Acts at which a worker died, in order. */
  async deaths(): Promise<string[]> {
    return (await readFile(this.#file, 'utf8')).split('\n').filter(Boolean);
  }

  /**
   * Runs `fedctl` to its end, through all deaths. A step that lost its patience to dying workers is blocked for a moment
   * and goes on by itself: the command is given again then, as its operator would.
   */
  async through(...args: string[]): Promise<{ code: number; tail: string }> {
    const argv = [process.execPath, '--disable-warning=ExperimentalWarning', join(root, 'test/crash/worker.ts')];
    let ended = false;
    const ran = this.#untilNotBlocked([join(root, 'fedctl'), ...args]).finally(() => (ended = true));
    let worker: ChildProcess | undefined;
    while (!ended) {
      if (!worker || worker.signalCode !== null || worker.exitCode !== null) {
        // It may die again before it says that it is ready.
        worker = await this.operator.startWorker(this.#env, argv).catch(() => undefined);
      }
      await delay(100);
    }
    if (worker) await this.operator.kill(worker);
    const { code, stderr } = await ran;
    return { code, tail: code === 0 ? '' : stderr.slice(-3_000) };
  }

  async #untilNotBlocked(argv: readonly string[]): Promise<Ran> {
    for (let times = 0; ; times += 1) {
      const ran = await this.operator.run(argv, { timeoutMs: 1_500_000 });
      if (ran.code !== 6 || times === 30) return ran;
      await delay(2_000);
    }
  }
}
