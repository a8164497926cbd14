import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** ms before a program that ended is started again: a real node's services come back too. */
const restartAfterMs = 1_000;
/** A program that ends this often before it was ready will not come up. */
const startAttempts = 5;
const probeEveryMs = 100;

/** A long-running program of the sandbox. */
export interface Service {
  name: string;
  argv: string[];
  env?: NodeJS.ProcessEnv;
  /** Resolves true once it serves; asked every 100 ms. */
  ready: () => Promise<boolean>;
  /** ms it may take; 180 s when left out: a busy machine is slow, and a program that cannot come up ends by itself. */
  withinMs?: number;
}

/** Keeps the sandbox's programs running and their output in one file each. */
export class Supervisor {
  readonly #logs: string;
  readonly #attempts = new Map<string, number>();
  readonly #children = new Map<string, ChildProcess>();

  constructor(state: string) {
    this.#logs = join(state, 'logs');
  }

  /** Starts a program and waits until it serves. Throws an Error with the end of its log when it does not. */
  async start(service: Service): Promise<void> {
    await mkdir(this.#logs, { recursive: true });
    this.#run(service);
    const deadline = Date.now() + (service.withinMs ?? 180_000);
    while (!(await service.ready().catch(() => false))) {
      const tooOften = (this.#attempts.get(service.name) ?? 0) >= startAttempts;
      if (tooOften || Date.now() > deadline) {
        throw new Error(`${service.name} does not come up; its log ends with:\n${await this.tail(service.name)}`);
      }
      await delay(probeEveryMs);
    }
  }

  /** Last lines of a program's log. */
  async tail(name: string, lines = 15): Promise<string> {
    const text = await readFile(this.#logFile(name), 'utf8').catch(() => '');
    return text.trim().split('\n').slice(-lines).join('\n');
  }

  #logFile(name: string): string {
    return join(this.#logs, `${name}.log`);
  }

  #run(service: Service): void {
    const [program, ...args] = service.argv as [string, ...string[]];
    const log = openSync(this.#logFile(service.name), 'a');
    const child = spawn(program, args, { stdio: ['ignore', log, log], env: { ...process.env, ...service.env } });
    closeSync(log);
    this.#children.set(service.name, child);
    this.#attempts.set(service.name, (this.#attempts.get(service.name) ?? 0) + 1);
    const again = (): void => void setTimeout(() => this.#run(service), restartAfterMs);
    child.once('exit', again);
    child.once('error', again);
  }
}
