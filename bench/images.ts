import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { contentTag } from '../activities/images/build-context.ts';
import type { Command, Ended } from '../activities/clients/engine/command.ts';
import { findEngine } from '../activities/clients/engine/engine.ts';
import { startRegistry } from './registry.ts';
import { startDevServer } from '../worker/dev-server.ts';
import { runSeconds } from './history.ts';
import { median, printCost, printTable } from './table.ts';

/**
 * Wall time of binaries, build and push: `fedctl images push` against the same three commands by hand, in turns. Each
 * round has a registry and a container storage that are new, and a cold one a Go cache too; both sides build the
 * sandbox's own control plane. Prints medians and their ratio, cold and warm, and what fedctl does beside the commands.
 */
const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const { values: options } = parseArgs({ options: { rounds: { type: 'string' }, only: { type: 'string' } } });
const rounds = Number(options.rounds ?? 5);
const caches = (['cold', 'warm'] as const).filter((cache) => options.only === undefined || options.only === cache);
if (caches.length === 0) throw new Error(`--only ${options.only}: cold or warm`);
type Cache = (typeof caches)[number];

const steps = ['binaries', 'build', 'push'] as const;
type Steps = Record<(typeof steps)[number], number>;
/** What fedctl does that nobody does by hand, and why; seconds each. */
const besides = {
  hash: 'names the image by its content, so that no retry builds it twice (in build)',
  look: 'asks the engine for that image (in build)',
  preflight: 'asks registry and engine before minutes are spent: reachable, may push, source there',
  temporal: 'writes down each step before and after it: what makes a killed worker cost nothing',
  command: 'starts Node, reads the spec, and says how it went',
} as const;
type Besides = Record<keyof typeof besides, number>;

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

async function freshRound(cache: Cache): Promise<void> {
  const old = [source, at('containers'), at('runroot'), ...(cache === 'warm' ? [] : [at('go-cache')])];
  await Promise.all(old.map((path) => rm(path, { recursive: true, force: true })));
  await cp(join(root, 'sandbox/hyperkube'), source, {
    recursive: true,
    filter: (path) => !path.endsWith('/_output'),
  });
}

/** The three commands, with the very command lines of fedctl. */
async function byHand(registry: string): Promise<Steps> {
  const engine = await findEngine('buildah', env, run, (kind) => new Error(kind));
  const tag = 'localhost/fedctl:by-hand';
  const push = at('push');
  await mkdir(push);
  const context = { context: source, dockerfile: join(source, 'Dockerfile'), tag, folder: push };
  const binaries = await seconds(() => run({ argv: ['make', 'binaries'], cwd: source, env }));
  let imageId = '';
  const build = await seconds(async () => (imageId = await engine.build(context)));
  const reference = `${registry}/hyperkube-amd64:by-hand`;
  const pushed = await seconds(() => engine.push({ imageId, reference, insecure: true, folder: push }));
  await rm(push, { recursive: true });
  return { binaries, build, push: pushed };
}

/** One command of fedctl does all three; the parts are what its steps took. */
async function byFedctl(registry: string, address: string): Promise<Steps & Besides> {
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
  const { run: inRun, preflight, ...took } = await runSeconds(address, 'images/bench');
  return {
    ...took,
    preflight,
    temporal: inRun - preflight - sum(took),
    command: whole - inRun,
    hash: await seconds(() => contentTag(source, join(source, 'Dockerfile'), AbortSignal.timeout(60_000))),
    look: await seconds(() => run({ argv: ['buildah', 'images', '--json', '--no-trunc'], env })),
  };
}

const sum = ({ binaries, build, push }: Steps): number => binaries + build + push;

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
async function round<T>(cache: Cache, side: (registry: string) => Promise<T>): Promise<T> {
  await freshRound(cache);
  const registry = await startRegistry();
  try {
    await registry.put('etcd', '3.6.8');
    return await side(registry.name);
  } finally {
    await registry.stop();
  }
}

async function measure(address: string, cache: Cache): Promise<void> {
  const hand: Steps[] = [];
  const fedctl: (Steps & Besides)[] = [];
  // Caches are filled, and the worker has done each step once.
  if (cache === 'warm')
    for (const side of [byHand, (name: string) => byFedctl(name, address)]) await round(cache, side);
  for (let n = 1; n <= rounds; n += 1) {
    hand.push(await round(cache, byHand));
    fedctl.push(await round(cache, (registry) => byFedctl(registry, address)));
    const [one, other] = [sum(hand.at(-1)!), sum(fedctl.at(-1)!)].map((time) => time.toFixed(2));
    console.log(`${cache}, round ${n}: by hand ${one} s, steps of fedctl ${other} s`);
  }
  const of = <T>(all: readonly T[], value: (one: T) => number): number => median(all.map(value));
  const rows = steps.map((row) => ({ row, hand: of(hand, (one) => one[row]), fedctl: of(fedctl, (one) => one[row]) }));
  const whole = (one: Steps & Besides): number => sum(one) + one.preflight + one.temporal + one.command;
  console.log(`\n${cache}: ${told[cache]}`);
  printTable([
    ...rows,
    { row: 'steps', hand: of(hand, sum), fedctl: of(fedctl, sum) },
    { row: 'command', hand: of(hand, sum), fedctl: of(fedctl, whole) },
  ]);
  console.log('beside the three commands:');
  for (const [name, why] of Object.entries(besides))
    printCost(
      name,
      of(fedctl, (one) => one[name as keyof Besides]),
      why,
    );
  console.log('');
}

const told: Record<Cache, string> = {
  cold: 'nothing of Go is compiled yet, as on the first day',
  warm: 'all of Go is compiled: what is left is packing, copying and compressing, and every check of fedctl is seen',
};

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
  console.log(
    'steps: binaries, build and push alone, from scheduling to end; command: `fedctl images push` as a whole',
  );
  for (const cache of caches) await measure(server.address, cache);
} finally {
  await end();
}
