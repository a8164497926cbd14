import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { devServerArguments } from '../../src/temporal/dev-server.ts';
import type { Settings } from '../settings.ts';
import { endProcess, type ProcessId, rememberedProcess, rememberProcess } from './processes.ts';

const startMs = 60_000;
const pidFile = ({ layout }: Pick<Settings, 'layout'>): string => join(layout.state, 'temporal.pid');

/** The sandbox's Temporal server, while it runs. */
export const temporalOf = (settings: Pick<Settings, 'layout'>): Promise<ProcessId | undefined> =>
  rememberedProcess(pidFile(settings));

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** Starts a real Temporal server on loopback, with its Web UI and a database file; it outlives this process. */
export async function startTemporal(settings: Settings): Promise<void> {
  const { layout, programs } = settings;
  const { port, uiPort } = layout.temporal;
  if (await temporalOf(settings)) return;
  for (const taken of [port, uiPort]) {
    if (await accepts(taken)) throw new Error(`port ${taken} is in use; choose another sandbox: --id`);
  }
  await mkdir(join(layout.state, 'logs'), { recursive: true });
  const log = openSync(join(layout.state, 'logs', 'temporal.log'), 'a');
  const argv = devServerArguments(join(layout.state, 'temporal.db'), port, uiPort);
  const child = spawn(programs['temporal'] ?? 'temporal', argv, { detached: true, stdio: ['ignore', log, log] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
  await rememberProcess(pidFile(settings), child.pid ?? 0);
  await writeProfile(settings);
  for (const end = Date.now() + startMs; !(await accepts(port)) || !(await accepts(uiPort)); await delay(100)) {
    const ended = !(await temporalOf(settings));
    if (!ended && Date.now() < end) continue;
    const text = await readFile(join(layout.state, 'logs', 'temporal.log'), 'utf8');
    throw new Error(`temporal does not come up; its log ends with:\n${text.trim().split('\n').slice(-15).join('\n')}`);
  }
}

/** Profile for @temporalio/envconfig and the temporal CLI. */
const writeProfile = ({ layout }: Settings): Promise<void> =>
  writeFile(
    join(layout.state, 'temporal.toml'),
    `[profile.sandbox]\naddress = "127.0.0.1:${layout.temporal.port}"\nnamespace = "default"\n`,
  );

/** Ends the server in good order. */
export async function endTemporal(settings: Pick<Settings, 'layout'>): Promise<void> {
  const server = await temporalOf(settings);
  if (server) await endProcess(server, 10_000);
}
