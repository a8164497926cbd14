import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { endedParts } from '../../sandbox/inside/member-parts.ts';

let cluster: string;
let running: ChildProcess;

beforeEach(() => {
  cluster = mkdtempSync(join(tmpdir(), 'fedctl-parts-'));
  running = spawn('sleep', ['60'], { stdio: 'ignore' });
});
afterEach(async () => {
  if (running.exitCode === null && running.signalCode === null) {
    running.kill();
    await once(running, 'exit');
  }
  rmSync(cluster, { recursive: true });
});

const note = (part: string, pid: number | undefined): void =>
  writeFileSync(join(cluster, 'pids', `${part}.pid`), String(pid));

it('tells parts that ended by themselves from those that run', async () => {
  mkdirSync(join(cluster, 'pids'));
  note('kube-apiserver', running.pid);
  expect(await endedParts(cluster)).toEqual([]);
  note('kube-controller-manager', running.pid);
  running.kill('SIGKILL');
  await once(running, 'exit');
  note('etcd', process.pid);
  expect((await endedParts(cluster)).sort()).toEqual(['kube-apiserver', 'kube-controller-manager']);
});

it('finds none in a cluster that was stopped or never started', async () => {
  expect(await endedParts(cluster)).toEqual([]);
  mkdirSync(join(cluster, 'pids'));
  expect(await endedParts(cluster)).toEqual([]);
});
