import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Layout, layoutOf } from './layout.ts';
import { environmentOf } from './outside/environment.ts';
import { existingFolders, makeCgroups, removeCgroups } from './outside/cgroups.ts';
import { removeBuildahCache } from './outside/buildah-cache.ts';
import { memberServes } from './inside/members.ts';
import { setMember } from './outside/members.ts';
import { endNamespace, initOf, startNamespace } from './outside/namespace.ts';
import { endProcess, rememberedProcess } from './outside/processes.ts';
import { endTemporal, startTemporal, temporalOf } from './outside/temporal.ts';
import { ensurePackages } from './packages.ts';
import { ensurePrograms } from './programs.ts';
import { newSettings, readSettings, saveSettings, type Settings } from './settings.ts';
import { readState, type SandboxState } from './state.ts';

/** The sandbox that is used when nobody names one: its id is the second byte of its addresses. */
export const defaultSandboxId = 88;
/** ms the parts inside may take; a warm machine needs 20 s. */
const upWithinMs = 300_000;

export interface UpOptions {
  id?: number;
  /** Member clusters: member-1, member-2, … */
  members?: number;
  env?: NodeJS.ProcessEnv;
  log?: (line: string) => void;
}

/** What there is of a sandbox. */
export interface SandboxStatus {
  id: number;
  phase: SandboxState['phase'] | 'absent' | 'dead';
  parts: { name: string; where: string; running: boolean }[];
}

const silent = (): void => {};

/**
 * Brings a sandbox up, or leaves one that stands as it is. Builds and installs what is missing. Throws an Error that
 * says which part failed; what came up until then is taken down again.
 */
export async function sandboxUp(options: UpOptions = {}): Promise<Settings> {
  const { id = defaultSandboxId, members = 2, env = process.env, log = silent } = options;
  const layout = layoutOf(id, env);
  const standing = await standingSandbox(layout);
  if (standing) {
    await startTemporal(standing);
    return standing;
  }
  await ensurePackages(log);
  const settings = newSettings(layout, await ensurePrograms(log), members);
  if (existsSync(layout.state)) {
    log(`sandbox ${id} was left behind by a crash or a restart of the machine; it starts afresh`);
    await sandboxDown({ id, env });
  }
  try {
    await start(settings, env, log);
  } catch (error) {
    if (!env['FEDCTL_KEEP_FAILED_SANDBOX']) await sandboxDown({ id, env });
    throw error;
  }
  return settings;
}

async function start(settings: Settings, env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<void> {
  const { layout } = settings;
  const began = Date.now();
  await mkdir(join(layout.state, 'output'), { recursive: true, mode: 0o700 });
  await saveSettings(settings);
  await makeCgroups(layout.cgroup);
  log(`starting sandbox ${layout.id}: host cluster, ${settings.members.join(', ')}, registry, DNS server, Temporal`);
  await startNamespace(layout, env);
  await Promise.all([startTemporal(settings).then(() => log('  Temporal serves')), waitUntilReady(settings, log)]);
  log(`sandbox ${layout.id} stands after ${Math.round((Date.now() - began) / 1_000)} s`);
}

async function waitUntilReady({ layout }: Settings, log: (line: string) => void): Promise<void> {
  const told = new Set<string>();
  for (const end = Date.now() + upWithinMs; Date.now() < end; await delay(200)) {
    const state = await readState(layout.state);
    for (const part of state?.ready ?? []) {
      if (!told.has(part)) log(`  ${part} serves`);
      told.add(part);
    }
    if (state?.phase === 'ready') return;
    if (state?.phase === 'failed') throw new Error(`the sandbox does not come up: ${state.error}`);
    if (!(await initOf(layout)))
      throw new Error(`process 1 of the sandbox ended; see ${layout.state}/logs/sandbox.log`);
  }
  throw new Error(`the sandbox is not ready after ${upWithinMs / 1_000} s; see ${layout.state}/logs`);
}

async function standingSandbox(layout: Layout): Promise<Settings | undefined> {
  const settings = await readSettings(layout.state);
  const state = await readState(layout.state);
  return settings && state?.phase === 'ready' && (await initOf(layout)) ? settings : undefined;
}

/** Takes a sandbox down: every process, mount, namespace, device, route, cgroup and file of it. Absent is success. */
export async function sandboxDown(options: Pick<UpOptions, 'id' | 'env' | 'log'> = {}): Promise<void> {
  const { id = defaultSandboxId, env = process.env, log = silent } = options;
  const layout = layoutOf(id, env);
  const worker = await rememberedProcess(join(layout.state, 'worker.pid'));
  if (worker) await endProcess(worker, 20_000);
  await endTemporal({ layout });
  await endNamespace(layout);
  await removeCgroups(layout.cgroup);
  const settings = await readSettings(layout.state);
  if (settings && !settings.keepsBuildahCache) await removeBuildahCache();
  await rm(layout.state, { recursive: true, force: true, maxRetries: 5 });
  log(`sandbox ${id} is gone`);
}

/** What of a sandbox runs, and where it is. */
export async function sandboxStatus(options: Pick<UpOptions, 'id' | 'env'> = {}): Promise<SandboxStatus> {
  const { id = defaultSandboxId, env = process.env } = options;
  const layout = layoutOf(id, env);
  const settings = await readSettings(layout.state);
  if (!settings) return { id, phase: (await existingFolders(layout.cgroup)).length > 0 ? 'dead' : 'absent', parts: [] };
  const running = (await initOf(layout)) !== undefined;
  const state = await readState(layout.state);
  const { temporal } = layout;
  const parts = [
    { name: 'host cluster', where: `https://${layout.address}:6443`, running },
    ...(await Promise.all(
      settings.members.map(async (name, index) => ({
        name,
        where: `https://${layout.address}:${layout.memberPort(index + 1)}`,
        running: running && (await memberServes(settings, name)),
      })),
    )),
    { name: 'registry', where: `http://${layout.registry}`, running },
    { name: 'DNS server', where: `${layout.dnsAddress}:53, API ${layout.dnsApi}`, running },
    { name: 'Temporal', where: `127.0.0.1:${temporal.port}`, running: (await temporalOf(settings)) !== undefined },
    {
      name: 'Temporal UI',
      where: `http://127.0.0.1:${temporal.uiPort}`,
      running: (await temporalOf(settings)) !== undefined,
    },
  ];
  return { id, phase: running ? (state?.phase ?? 'starting') : 'dead', parts };
}

/**
 * Stops a member cluster, or starts it again; what it holds stays. Throws an Error when the sandbox does not stand, has
 * no such member, or the member does not obey.
 */
export async function sandboxMember(
  name: string,
  wish: 'running' | 'stopped',
  options: Pick<UpOptions, 'id' | 'env'> = {},
): Promise<void> {
  const { id = defaultSandboxId, env = process.env } = options;
  await setMember(await mustStand(id, env), name, wish);
}

/** Variables for a shell or a worker. Throws an Error when the sandbox does not stand. */
export async function sandboxEnvironment(options: Pick<UpOptions, 'id' | 'env'> = {}): Promise<Record<string, string>> {
  const { id = defaultSandboxId, env = process.env } = options;
  return environmentOf(await mustStand(id, env), env);
}

async function mustStand(id: number, env: NodeJS.ProcessEnv): Promise<Settings> {
  const settings = await standingSandbox(layoutOf(id, env));
  if (!settings) throw new Error(`sandbox ${id} does not stand; bring it up: fedctl sandbox up`);
  return settings;
}
