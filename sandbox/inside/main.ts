import { renameSync, writeFileSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ContextEntry } from '../kubeconfig.ts';
import { kubeconfigOf } from '../kubeconfig.ts';
import { readSettings, type Settings } from '../settings.ts';
import type { SandboxState } from '../state.ts';
import { applyAddons, waitForClusterDns } from './addons.ts';
import { startCloud } from './cloud.ts';
import { startDns } from './dns.ts';
import { hostFiles, startControlPlane, startNode } from './host.ts';
import { pushBusybox, pushProgramImage } from './images.ts';
import { memberKubeconfig, startMember } from './members.ts';
import { setUpMounts } from './mounts.ts';
import { setUpNetwork } from './network.ts';
import { startRegistry } from './registry.ts';
import { Supervisor } from './supervisor.ts';

/** Says how far the sandbox is: the outside reads the file. Not interrupted by another word, and never half-written. */
function say(settings: Settings, state: SandboxState): void {
  const file = join(settings.layout.state, 'state.json');
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

async function hostCluster(settings: Settings, supervisor: Supervisor, told: (part: string) => void): Promise<void> {
  await startControlPlane(settings, supervisor);
  told('host control plane');
  await applyAddons(settings);
  await startNode(settings, supervisor);
  await startCloud(settings);
  told('host node');
  await waitForClusterDns(settings);
  told('host cluster DNS');
}

async function writeKubeconfig(settings: Settings): Promise<void> {
  const files = [hostFiles(settings).operator, ...settings.members.map((name) => memberKubeconfig(settings, name))];
  const entries = await Promise.all(
    files.map(async (file): Promise<ContextEntry> => {
      const config = parse(await readFile(file, 'utf8')) as Record<string, never[]>;
      return { cluster: config['clusters']![0]!, user: config['users']![0]!, context: config['contexts']![0]! };
    }),
  );
  await writeFile(join(settings.layout.state, 'kubeconfig'), kubeconfigOf(entries), { mode: 0o600 });
}

async function bringUp(settings: Settings): Promise<void> {
  const supervisor = new Supervisor(settings.layout.state);
  const ready: string[] = [];
  const told = (part: string): void => {
    ready.push(part);
    say(settings, { phase: 'starting', ready: [...ready] });
  };
  await setUpMounts(settings);
  await setUpNetwork(settings.layout);
  await startRegistry(settings, supervisor);
  told('registry');
  const images = async (): Promise<void> => {
    for (const name of ['pause', 'coredns', 'etcd'] as const) await pushProgramImage(settings, name);
    await pushBusybox(settings);
    told('images');
  };
  await Promise.all([
    startDns(settings, supervisor).then(() => told('DNS server')),
    images(),
    hostCluster(settings, supervisor, told),
    ...settings.members.map((name, index) => startMember(settings, name, index + 1).then(() => told(name))),
  ]);
  await writeKubeconfig(settings);
  say(settings, { phase: 'ready', ready });
}

const [stateFolder = ''] = process.argv.slice(2);
const settings = await readSettings(stateFolder);
if (!settings) throw new Error(`no settings in ${stateFolder}`);
process.on('uncaughtException', (error) => {
  void appendFile(join(stateFolder, 'logs', 'sandbox.log'), `${error.stack}\n`);
});
try {
  await bringUp(settings);
} catch (error) {
  say(settings, { phase: 'failed', ready: [], error: (error as Error).message });
  process.exitCode = 1;
  process.exit();
}
