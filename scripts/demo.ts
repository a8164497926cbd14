import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { defaultSandboxId, sandboxDown, sandboxUp } from '../sandbox/index.ts';
import { layoutOf, stateHome } from '../sandbox/layout.ts';
import { environmentOf } from '../sandbox/outside/environment.ts';
import { endProcess, processId, rememberedProcess, rememberProcess } from '../sandbox/outside/processes.ts';
import { environment, passThrough, root } from './process.ts';

/** The example's addresses are those of this sandbox. */
const id = defaultSandboxId;
const layout = layoutOf(id);
const log = (line: string): void => console.error(line);
const workerReadyMs = 60_000;

/** Starts the worker of this checkout beside the sandbox; `make demo-down` ends it. Open runs go on with the new one. */
async function startWorker(env: NodeJS.ProcessEnv): Promise<void> {
  const pidFile = join(layout.state, 'worker.pid');
  const former = await rememberedProcess(pidFile);
  if (former) await endProcess(former, 20_000);
  const file = join(layout.state, 'logs', 'worker.log');
  await mkdir(dirname(file), { recursive: true });
  const out = openSync(file, 'w');
  const child = spawn(join(root, 'fedctl'), ['worker'], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', out, out],
  });
  child.unref();
  await rememberProcess(pidFile, child.pid ?? 0);
  for (const end = Date.now() + workerReadyMs; ; await delay(100)) {
    const text = await readFile(file, 'utf8');
    if (text.includes('worker ready')) return log(`the worker runs; its log: ${file}`);
    if (Date.now() > end || !(await processId(child.pid ?? 0))) throw new Error(`the worker does not start:\n${text}`);
  }
}

async function up(): Promise<number> {
  const began = Date.now();
  const settings = await sandboxUp({ id, log });
  const env = environment(await environmentOf(settings, process.env));
  await startWorker(env);
  const code = await passThrough([join(root, 'fedctl'), 'up', '--yes', '-f', 'examples/sandbox/federation.yaml'], env);
  log(`\nmake demo took ${Math.round((Date.now() - began) / 1_000)} s`);
  if (code !== 0) return code;
  log(`
Look around:
  eval "$(./fedctl sandbox env)"
  kubectl --namespace=federation get deployments
  kubectl --context=federation-cluster get clusters
  kubectl --context=member-1 --namespace=kube-system get pods
  dig @${layout.dnsAddress} myfederation.example. SOA
  ./fedctl status myfederation
  ./fedctl down myfederation

Temporal UI: http://127.0.0.1:${layout.temporal.uiPort}
Take it all away: make demo-down`);
  return 0;
}

async function down(): Promise<number> {
  await sandboxDown({ id, log });
  // Other sandboxes and workers may live in the same folders; empty ones go.
  const folders = [stateHome(), dirname(stateHome()), dirname(dirname(stateHome()))];
  for (const folder of folders) await rmdir(folder).catch(() => {});
  return 0;
}

const verbs: Record<string, () => Promise<number>> = { up, down };
try {
  process.exitCode = (await verbs[process.argv[2] ?? '']?.()) ?? 64;
} catch (error) {
  log(`make demo: ${(error as Error).message}`);
  process.exitCode = 1;
}
