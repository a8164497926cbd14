import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '../src/files/lock.ts';
import { cacheHome } from './layout.ts';
import { run } from './run.ts';

const sources = fileURLToPath(new URL('./programs/', import.meta.url));
const kubernetes = '1.36.3';
const [major, minor] = kubernetes.split('.');
const versionFlags = Object.entries({ gitVersion: `v${kubernetes}`, gitMajor: major, gitMinor: minor })
  .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  .join(' ');
const kube = (name: string): string => `k8s.io/kubernetes/cmd/${name}`;

/** A Go module of sandbox/programs, and what is built of it. Measured cold on two cores, seconds. */
interface Program {
  module: string;
  packages: Record<string, string>;
  flags?: string;
  coldSeconds: number;
}

const modules: readonly Program[] = [
  { module: 'etcd', packages: { etcd: 'go.etcd.io/etcd/server/v3' }, coldSeconds: 37 },
  {
    module: 'kubernetes',
    flags: versionFlags,
    packages: Object.fromEntries(
      ['kube-apiserver', 'kubectl', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'].map(
        (name) => [name, kube(name)],
      ),
    ),
    coldSeconds: 560,
  },
  { module: 'temporal', packages: { temporal: 'github.com/temporalio/cli/cmd/temporal' }, coldSeconds: 211 },
  {
    module: 'kwok',
    packages: { kwok: 'sigs.k8s.io/kwok/cmd/kwok', kwokctl: 'sigs.k8s.io/kwok/cmd/kwokctl' },
    coldSeconds: 120,
  },
  { module: 'coredns', packages: { coredns: '.' }, coldSeconds: 50 },
  { module: 'pause', packages: { pause: '.' }, coldSeconds: 5 },
  { module: 'wget', packages: { wget: '.' }, coldSeconds: 15 },
];

/** Name of a module's folder in the cache: another source, Go or flag gives another. */
async function keyOf(program: Program, goVersion: string): Promise<string> {
  const folder = join(sources, program.module);
  const hash = createHash('sha256').update(JSON.stringify([goVersion, program.packages, program.flags ?? '']));
  for (const file of (await readdir(folder)).sort()) hash.update(file).update(await readFile(join(folder, file)));
  return `${program.module}-${hash.digest('hex').slice(0, 16)}`;
}

async function build(program: Program, folder: string, log: (line: string) => void, place: string): Promise<void> {
  const started = Date.now();
  const seconds = (): number => Math.round((Date.now() - started) / 1_000);
  const names = Object.keys(program.packages).join(', ');
  log(`${place} building ${names} (about ${Math.ceil(program.coldSeconds / 60)} min the first time)`);
  const beat = setInterval(() => log(`${place} still building ${program.module}, ${seconds()} s`), 20_000);
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  try {
    for (const [name, path] of Object.entries(program.packages)) {
      const argv = [
        'go',
        'build',
        '-trimpath',
        '-ldflags',
        `-s -w ${program.flags ?? ''}`,
        '-o',
        join(partial, name),
        path,
      ];
      await run(argv, { cwd: join(sources, program.module), env });
    }
  } finally {
    clearInterval(beat);
  }
  await rename(partial, folder);
  log(`${place} ${names} built in ${seconds()} s`);
}

/** Builds the module, unless another process of this machine does at the moment: then waits for it. */
async function buildOnce(program: Program, folder: string, log: (line: string) => void, place: string): Promise<void> {
  let said = false;
  const waits = ({ pid }: { pid: number }): void => {
    if (!said) log(`waiting for process ${pid}, which builds the same programs`);
    said = true;
  };
  await withLock(`${folder}.builder`, { what: program.module, waits }, async () => {
    if (!existsSync(folder)) await build(program, folder, log, place);
  });
}

/**
 * Builds what is missing of the sandbox's programs from their pinned Go modules, once, into the user's cache.
 * Returns the path of each program by its name. Throws ProgramError with Go's own words.
 */
export async function ensurePrograms(
  log: (line: string) => void,
  only?: readonly string[],
): Promise<Record<string, string>> {
  const goVersion = await run(['go', 'env', 'GOVERSION']);
  const root = join(cacheHome(), 'programs');
  await mkdir(root, { recursive: true });
  const wanted = modules.filter((program) => !only || only.includes(program.module));
  const paths: Record<string, string> = {};
  for (const [index, program] of wanted.entries()) {
    const folder = join(root, await keyOf(program, goVersion.trim()));
    const place = `[${index + 1}/${wanted.length}]`;
    if (!existsSync(folder)) await buildOnce(program, folder, log, place);
    for (const name of Object.keys(program.packages)) paths[name] = join(folder, name);
  }
  return paths;
}

/** Path of a program that some sandbox built before, the newest; undefined when none did. Builds nothing. */
export function cachedProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const root = join(cacheHome(env), 'programs');
  const folders = existsSync(root) ? readdirSync(root) : [];
  const built = folders.map((folder) => join(root, folder, name)).filter((file) => existsSync(file));
  return built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}
