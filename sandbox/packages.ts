import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { run, succeeds } from './run.ts';

/** Debian packages of the sandbox, each with a file that shows it is there. */
const needed: Readonly<Record<string, string>> = {
  containerd: '/usr/bin/containerd',
  runc: '/usr/sbin/runc',
  'containernetworking-plugins': '/usr/lib/cni/ptp',
  buildah: '/usr/bin/buildah',
  'docker-registry': '/usr/bin/docker-registry',
  nftables: '/usr/sbin/nft',
  conntrack: '/usr/sbin/conntrack',
  'busybox-static': '/bin/busybox',
  iproute2: '/usr/bin/ip',
  tini: '/usr/bin/tini',
  make: '/usr/bin/make',
  'pdns-server': '/usr/sbin/pdns_server',
  'pdns-backend-sqlite3': '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql',
  'bind9-dnsutils': '/usr/bin/dig',
};
/** What tests use beside it, each with a command that succeeds when it is there: Debian's or another's. */
const forTests: Readonly<Record<string, readonly [string, ...string[]]>> = {
  openssl: ['openssl', 'version'],
  git: ['git', '--version'],
  podman: ['podman', '--version'],
  'docker.io': ['dockerd', '--version'],
  'python3-venv': ['python3', '-c', 'import venv, ensurepip'],
  chromium: ['chromium', '--version'],
};

/** Kept by invoke-rc.d: 101 means that no service may start. */
const policyFile = '/usr/sbin/policy-rc.d';

/** Runs `work` while no package can start its service; what was there before is put back. */
async function withoutServices<T>(work: () => Promise<T>): Promise<T> {
  const saved = `${policyFile}.fedctl`;
  if (existsSync(policyFile)) await rename(policyFile, saved);
  await writeFile(policyFile, '#!/bin/sh\nexit 101\n');
  await chmod(policyFile, 0o755);
  try {
    return await work();
  } finally {
    if (existsSync(saved)) await rename(saved, policyFile);
    else await rm(policyFile, { force: true });
  }
}

/** Packages that tests need and this machine lacks. */
export async function missingForTests(has = (argv: readonly string[]) => succeeds(argv)): Promise<string[]> {
  const seen = await Promise.all(
    Object.entries(forTests).map(async ([name, argv]) => ({ name, there: await has(argv) })),
  );
  return seen.flatMap(({ name, there }) => (there ? [] : [name]));
}

/**
 * Installs what is missing of the sandbox's Debian packages, and of those for tests when asked; none of them starts a
 * service. Throws an Error that says what to do on a machine that is not Debian, or without root.
 */
export async function ensurePackages(log: (line: string) => void, options: { tests?: boolean } = {}): Promise<void> {
  const missing = Object.entries(needed).flatMap(([name, file]) => (existsSync(file) ? [] : [name]));
  if (options.tests) missing.push(...(await missingForTests()));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0)
    throw new Error(`the sandbox needs root: to install ${missing.join(', ')}, and for its namespaces`);
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!/debian/i.test(release))
    throw new Error(`the sandbox installs Debian packages; install these by hand: ${missing.join(', ')}`);
  log(`installing Debian packages: ${missing.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if (!(await succeeds(['apt-get', 'update', '-q'], { env })))
    log('apt-get update had problems; going on with the lists at hand');
  await withoutServices(() => run(['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...missing], { env }));
}
