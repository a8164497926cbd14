import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { parse, stringify } from 'yaml';
import { sandboxEnvironment } from '../../sandbox/index.ts';
import { type Layout, layoutOf } from '../../sandbox/layout.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** The sandbox that `make test` brought up. */
export const sandboxId = Number(process.env['FEDCTL_TEST_SANDBOX'] ?? 89);
export const layout: Layout = layoutOf(sandboxId);

/** What a program printed, and how it ended. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A part of a spec; `null` takes a field away. */
export type Change = { [key: string]: unknown };

const merge = (base: Change, change: Change): Change => {
  const merged: Change = { ...base };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete merged[key];
    else if (isObject(value) && isObject(merged[key])) merged[key] = merge(merged[key], value);
    else merged[key] = value;
  }
  return merged;
};
const isObject = (value: unknown): value is Change =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One test's operator: an environment of the sandbox with a folder, a task queue and a kubeconfig of its own. */
export class Operator {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #workers: ChildProcess[] = [];

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.env = env;
  }

  /** `elsewhere`: the environment of other clusters than the sandbox's. */
  static async create(name: string, elsewhere?: NodeJS.ProcessEnv): Promise<Operator> {
    const folder = await mkdtemp(join(tmpdir(), `fedctl-e2e-${name}-`));
    const sandbox = elsewhere ?? (await sandboxEnvironment({ id: sandboxId }));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, await readFile(sandbox['KUBECONFIG'] ?? '', 'utf8'), { mode: 0o600 });
    const own = {
      KUBECONFIG: kubeconfig,
      FEDCTL_STATE: join(folder, 'state'),
      FEDERATION_OUTPUT_ROOT: join(folder, 'output'),
    };
    await mkdir(own.FEDERATION_OUTPUT_ROOT);
    const env = {
      ...process.env,
      ...sandbox,
      ...own,
      FEDCTL_TASK_QUEUE: `e2e-${name}`,
      FEDCTL_PARKED_RETRY_MS: '1000',
      NO_COLOR: '1',
    };
    return new Operator(folder, env);
  }

  /** Path of a file of this operator. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes the example's spec with this sandbox's addresses and a change merged in; answers its path. */
  async spec(name: string, change: Change = {}, file = 'federation.yaml'): Promise<string> {
    const text = await readFile(join(root, 'examples/sandbox/federation.yaml'), 'utf8');
    const here = text
      .replaceAll('10.88.0.', `10.${sandboxId}.0.`)
      .replace('../../sandbox/hyperkube', join(root, 'sandbox/hyperkube'));
    const named = merge(parse(here.replaceAll('myfederation', name)) as Change, {
      spec: { host: { namespace: name } },
    });
    await writeFile(this.path(file), stringify(merge(named, change)));
    return this.path(file);
  }

  /** Runs a program in the operator's shell. */
  run(argv: readonly string[], options: { timeoutMs?: number; env?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
    const [program, ...args] = argv as [string, ...string[]];
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: this.folder,
        env: { ...this.env, ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      const late = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 240_000);
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(late);
        resolve({ code: code ?? 137, stdout, stderr });
      });
    });
  }

  fedctl(...args: string[]): Promise<Ran> {
    return this.run([join(root, 'fedctl'), ...args]);
  }

  /** Runs kubectl; answers stdout. Throws when it fails. */
  async kubectl(context: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(['kubectl', `--context=${context}`, ...args]);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  }

  async json<T>(context: string, ...args: string[]): Promise<T> {
    return JSON.parse(await this.kubectl(context, ...args, '-o', 'json')) as T;
  }

  /** Starts a worker process of its own and waits until it takes runs. */
  async startWorker(
    env: NodeJS.ProcessEnv = {},
    argv: readonly string[] = [join(root, 'fedctl'), 'worker'],
  ): Promise<ChildProcess> {
    const [program, ...args] = argv as [string, ...string[]];
    const child = spawn(program, args, {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#workers.push(child);
    const log = createWriteStream(this.path('worker.log'), { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on('data', (chunk: Buffer) => chunk.toString().includes('worker ready') && resolve());
      child.once('exit', (code) => reject(new Error(`the worker ended with ${code}; see ${this.path('worker.log')}`)));
    });
    return child;
  }

  /** Ends a worker the hard way, at once. */
  async kill(worker: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill(signal);
    await ended;
  }

  /** A Temporal client of the sandbox. */
  async temporal(): Promise<{ client: Client; close: () => Promise<void> }> {
    const connection = await Connection.connect({ address: `127.0.0.1:${layout.temporal.port}` });
    return { client: new Client({ connection }), close: () => connection.close() };
  }

  /** Ends all workers, in order: it is also tried that they do. */
  async endWorkers(): Promise<void> {
    for (const worker of this.#workers.splice(0)) await this.kill(worker, 'SIGTERM');
  }

  /** Ends all workers the hard way. */
  async killWorkers(): Promise<void> {
    for (const worker of this.#workers.splice(0)) await this.kill(worker);
  }

  /** Ends workers and removes the folder. */
  async close(): Promise<void> {
    await this.killWorkers();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Asks until the answer is there; throws with the last reason after `withinMs`. */
export async function eventually<T>(
  ask: () => Promise<T | undefined | false>,
  what: string,
  withinMs = 60_000,
): Promise<T> {
  let last = '';
  for (const end = Date.now() + withinMs; Date.now() < end; await delay(100)) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = (error as Error).message;
    }
  }
  throw new Error(`${what}: not within ${withinMs / 1000} s ${last}`);
}
