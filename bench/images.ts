import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import type { Command, Ended } from '../activities/build-process.ts';
import { findEngine } from '../activities/clients/engine.ts';
import { startRegistry } from '../test/helpers/registry.ts';
import { startDevServer } from '../worker/dev-server.ts';
import { stepSeconds } from './history.ts';
import { median, printTable } from './table.ts';

/**
 * Wall time of binaries, build and push: `fedctl images push` against the same three commands by hand, in turns. Each
 * round has a registry, a container storage and, unless `--warm`, a Go cache that are new; both sides build the
 * sandbox's own control plane. Prints medians and their ratio.
 */
const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const { values: options } = parseArgs({ options: { rounds: { type: 'string' }, warm: { type: 'boolean' } } });
const rounds = Number(options.rounds ?? 5);
const rows = ['binaries', 'build', 'push', 'whole'] as const;
type Times = Record<(typeof rows)[number], number>;

const folder = await mkdtemp(join(tmpdir(), 'fedctl-bench-'));
const at = (...parts: string[]): string => join(folder, ...parts);
const source = at('source');

/** What both sides run with: storage and caches of the bench's own, which every round empties. */
const env: NodeJS.ProcessEnv = {
  ...process.env,
  HOME: at('home'),
  GOCACHE: at('go-cache'),
  GOMODCACHE: process.env['GOMODCACHE'] ?? join(process.env['HOME'] ?? '', 'go', 'pkg', 'mod'),
  XDG_RUNTIME_DIR: at('run'),
  STORAGE_DRIVER: 'vfs',
  CONTAINERS_STORAGE_CONF: at('storage.conf'),
  FEDCTL_STATE: at('state'),
  FEDCTL_TASK_QUEUE: 'bench',
  FEDERATION_OUTPUT_ROOT: at('output'),
  NO_COLOR: '1',
};

/** Runs a command with its output dropped, as a person would run it with an eye on the clock only. */
function run({ argv, cwd, env: given, quiet }: Command): Promise<Ended> {
  const [program = '', ...args] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const child = spawn(program, args, { cwd, env: given, stdio: ['ignore', 'pipe', 'pipe'] });
  let [answer, words] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (answer += quiet ? chunk.toString() : ''));
  child.stderr.on('data', (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(-2_000)));
  child.once('error', reject);
  child.once('close', (code) =>
    code === 0
      ? resolve({ status: 0, answer, how: 'status 0' })
      : reject(new Error(`${argv.join(' ')} ended with ${code}: ${words}`)),
  );
  return promise;
}

async function seconds(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return (performance.now() - began) / 1_000;
}

async function freshRound(): Promise<void> {
  const old = [source, at('containers'), at('runroot'), ...(options.warm ? [] : [at('go-cache')])];
  await Promise.all(old.map((path) => rm(path, { recursive: true, force: true })));
  await cp(join(root, 'sandbox/hyperkube'), source, {
    recursive: true,
    filter: (path) => !path.endsWith('/_output'),
  });
}

/** The three commands, with the very command lines of fedctl. */
async function byHand(registry: string): Promise<Times> {
  const engine = await findEngine('buildah', env, run, (kind) => new Error(kind));
  const tag = 'localhost/fedctl:by-hand';
  const push = at('push');
  await mkdir(push);
  const context = { context: source, dockerfile: join(source, 'Dockerfile'), tags: [tag] };
  const binaries = await seconds(() => run({ argv: ['make', 'binaries'], cwd: source, env }));
  const build = await seconds(() => engine.build(context));
  const imageId = (await engine.find(tag)) ?? '';
  const reference = `${registry}/hyperkube-amd64:by-hand`;
  const pushed = await seconds(() => engine.push({ imageId, reference, insecure: true, folder: push }));
  await rm(push, { recursive: true });
  return { binaries, build, push: pushed, whole: binaries + build + pushed };
}

/** One command of fedctl does all three; the parts are what its steps took. */
async function byFedctl(registry: string, address: string): Promise<Times> {
  const image = { name: 'hyperkube-amd64' };
  const build = { source, binaries: ['make', 'binaries'], engine: 'buildah', push: { registry, tag: 'by-fedctl' } };
  const spec = {
    host: { context: 'none' },
    images: {
      apiserver: image,
      controllerManager: image,
      etcd: { image: `${registry}/etcd:3.6.8` },
      build,
      insecureRegistries: [registry],
    },
    clusters: [],
  };
  const file = at('federation.yaml');
  const document = { apiVersion: 'fedctl/v1alpha1', kind: 'Federation', metadata: { name: 'bench' }, spec };
  await writeFile(file, stringify(document));
  const argv = [join(root, 'fedctl'), 'images', 'push', '-f', file];
  const whole = await seconds(() => run({ argv, env: { ...env, TEMPORAL_ADDRESS: address } }));
  return { ...(await stepSeconds(address, 'images/bench')), whole };
}

async function startWorker(address: string): Promise<() => Promise<void>> {
  const child = spawn(join(root, 'fedctl'), ['worker'], {
    env: { ...env, TEMPORAL_ADDRESS: address },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => chunk.toString().includes('worker ready') && resolve());
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
  return async () => {
    child.kill('SIGTERM');
    await ended;
  };
}

/** A port whose neighbour 1000 above, for the Web UI, is as free as can be told. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port > 64_000 ? port - 10_000 : port));
    });
  });

/** A round of one side, with a registry of its own. */
async function round(side: (registry: string) => Promise<Times>): Promise<Times> {
  await freshRound();
  const registry = await startRegistry();
  try {
    await registry.put('etcd', '3.6.8');
    return await side(registry.name);
  } finally {
    await registry.stop();
  }
}

async function measure(address: string): Promise<void> {
  const hand: Times[] = [];
  const fedctl: Times[] = [];
  if (options.warm) await round(byHand);
  for (let n = 1; n <= rounds; n += 1) {
    hand.push(await round(byHand));
    fedctl.push(await round((registry) => byFedctl(registry, address)));
    console.log(`round ${n}: by hand ${hand.at(-1)?.whole.toFixed(1)} s, fedctl ${fedctl.at(-1)?.whole.toFixed(1)} s`);
  }
  const of = (all: readonly Times[], row: keyof Times): number => median(all.map((times) => times[row]));
  printTable(rows.map((row) => ({ row, hand: of(hand, row), fedctl: of(fedctl, row) })));
}

const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
const end = async (): Promise<void> => {
  for (const act of undo.splice(0).reverse()) await act();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void end().finally(() => process.exit(1)));
try {
  await Promise.all(['home', 'run', 'output'].map((name) => mkdir(at(name), { mode: 0o700 })));
  const storage = `[storage]\ndriver = "vfs"\ngraphroot = "${at('containers')}"\nrunroot = "${at('runroot')}"\n`;
  await writeFile(at('storage.conf'), storage);
  const server = await startDevServer(at('temporal'), process.env, await freePort());
  undo.push(server.stop);
  undo.push(await startWorker(server.address));
  await measure(server.address);
} finally {
  await end();
}
