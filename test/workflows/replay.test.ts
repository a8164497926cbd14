import { globSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Worker,
  type WorkflowBundleOption,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import type * as catalogue from '../../src/graph/freeze.ts';
import { freezeUp } from '../../src/graph/freeze.ts';
import {
  amendUpdate,
  getRunStateQuery,
  pauseUpdate,
  resumeUpdate,
  retrySignal,
  retryUpdate,
  skipUpdate,
} from '../../src/run/messages.ts';
import { type History, historyOfText, payloadsOf } from '../helpers/temporal/histories.ts';
import { recordedRuns } from '../helpers/temporal/recorded-runs.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { startTemporal, withWorkers, workflowBundle } from '../helpers/temporal/temporal.ts';
import { aTestSpec, queueOf, runInput, startRun, until } from './runs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Histories by path below test/histories/: <recording>/<kind of run>.json, and .child-N.json of what it started. */
const files = globSync('test/histories/*/*.json', { cwd: root }).toSorted();
const kindOf = (file: string): string => basename(file).split('.')[0]!;
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

const historyOf = (file: string): History => historyOfText(textOf(file));
const startOf = (history: History): { id: string; type: string } => {
  const { workflowId, workflowType } = history.events![0]!.workflowExecutionStartedEventAttributes!;
  return { id: workflowId!, type: workflowType!.name! };
};

/** Replays files; answers what was wrong with each that does not replay. */
async function failuresOf(bundle: WorkflowBundleOption, replayed: string[]): Promise<Map<string, Error>> {
  const failures = new Map<string, Error>();
  const histories = replayed.map((file) => {
    const history = historyOf(file);
    return { workflowId: startOf(history).id, history };
  });
  let at = 0;
  for await (const { error } of Worker.runReplayHistories(
    { workflowBundle: bundle, replayName: 'histories' },
    histories,
  )) {
    const file = replayed[at++]!;
    if (error) failures.set(file, error);
  }
  expect(at).toBe(replayed.length);
  return failures;
}

/** Copies of the sources: in the checkout, so that its packages resolve, but not in node_modules, left uncompiled. */
let copies: string;
beforeAll(async () => {
  await mkdir(join(root, '_output'), { recursive: true });
  copies = await mkdtemp(join(root, '_output', 'replay-'));
});
afterAll(() => rm(copies, { recursive: true }));

/** A copy of workflows/ and src/ in which one text of one file is another. */
async function changed(name: string, file: string, before: string, after: string): Promise<string> {
  const folder = join(copies, name);
  for (const part of ['workflows', 'src']) await cp(join(root, part), join(folder, part), { recursive: true });
  const path = join(folder, file);
  const text = await readFile(path, 'utf8');
  expect(text.split(before)).toHaveLength(2);
  await writeFile(
    path,
    text.replace(before, () => after),
  );
  return folder;
}
const bundleOf = (folder: string): Promise<WorkflowBundleWithSourceMap> =>
  bundleWorkflowCode({ workflowsPath: join(folder, 'workflows/index.ts'), logger: new DefaultLogger('ERROR') });

describe('the recorded histories', () => {
  it('are of every kind of run, and of every workflow that a federation runs', () => {
    expect(files).not.toEqual([]);
    const runs = files.filter((file) => !file.includes('.child-'));
    expect(new Set(runs.map(kindOf))).toEqual(new Set(Object.keys(recordedRuns)));
    const types = files.map((file) => startOf(historyOf(file)).type);
    const wanted = ['federationUp', 'federationDown', 'federationJoin', 'federationUnjoin'];
    expect(new Set(types)).toEqual(new Set([...wanted, 'memberJoin', 'memberUnjoin', 'memberDebt', 'imagesRun']));
  });

  it('show what their names say', () => {
    const holds = (kind: string, text: string): boolean =>
      files.some((file) => kindOf(file) === kind && textOf(file).includes(text));
    const updates = (kind: string, name: string): boolean => holds(kind, `"name": "${name}"`);
    expect(holds('up', 'UPDATE_ACCEPTED')).toBe(false);
    expect(updates('up-parked-and-retried', retryUpdate.name)).toBe(true);
    expect(updates('up-amended', amendUpdate.name)).toBe(true);
    expect(holds('up-rolled-back', 'what this run made is undone')).toBe(true);
    expect(holds('up-cancelled', 'what stands is kept')).toBe(true);
    expect(holds('down-with-debt', '/debts/member-2')).toBe(true);
    expect(holds('down', '/debts/member-2')).toBe(false);
    expect(holds('down-with-debt-in-the-middle', '/debts/member-2')).toBe(true);
    expect(updates('up-paused', pauseUpdate.name)).toBe(true);
    expect(updates('up-paused', resumeUpdate.name)).toBe(true);
    expect(updates('up-skipped', skipUpdate.name)).toBe(true);
    expect(holds('up-retried-by-signal', `"signalName": "${retrySignal.name}"`)).toBe(true);
    expect(holds('up-with-a-member-cancelled', 'EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED')).toBe(true);
    expect(holds('up-pruned', '"name": "memberUnjoin"')).toBe(true);
    expect(holds('images', 'images/push')).toBe(true);
  });

  it('tell nothing of the machine that recorded them', () => {
    for (const file of files) {
      const text = textOf(file);
      const identities = [...text.matchAll(/"identity": *"([^"]*)"/g)].map(([, identity]) => identity);
      expect(new Set(identities.filter((name) => !/^(worker|history-service|temporal-.*|)$/.test(name!)))).toEqual(
        new Set(),
      );
      for (const part of [text, ...payloadsOf(text)]) {
        expect(part).not.toMatch(/\d+@(?!host\b)[\w.-]+/);
        expect(part).not.toMatch(/(file:\/\/|[\s("])\/(home|root|work|tmp|Users|opt)\//);
      }
    }
  });
});

describe('replay', () => {
  it('goes through on the workflows as they are', async () => {
    expect(await failuresOf(await workflowBundle(), files)).toEqual(new Map());
  }, 180_000);

  it('fails for workflows that do another thing than before', async () => {
    const call = `    return { result: await execute(run, step, mode) };`;
    const folder = await changed('timer', 'workflows/run-step.ts', call, `    await sleep(1);\n${call}`);
    const failures = await failuresOf(await bundleOf(folder), files);
    // Images are made in order, without the interpreter of graphs that was changed here.
    expect([...failures.keys()]).toEqual(files.filter((file) => startOf(historyOf(file)).type !== 'imagesRun'));
    for (const error of failures.values()) expect(error).toBeInstanceOf(DeterminismViolationError);
  }, 180_000);

  it('goes through on another catalogue: a run keeps the steps it was given', async () => {
    const title = `title: 'Verify the control plane'`;
    const needs = `needs: ['clusters', 'controller-manager/ready']`;
    const folder = await changed('catalogue', 'src/distributions/federation/steps.ts', title, `title: 'Look at it'`);
    const path = join(folder, 'src/distributions/federation/steps.ts');
    const text = await readFile(path, 'utf8');
    expect(text).toContain(needs);
    await writeFile(path, text.replace(needs, `needs: ['clusters', 'verify/control-plane']`));
    const other = (await import(join(folder, 'src/graph/freeze.ts'))) as typeof catalogue;
    const change = { before: freezeUp(aTestSpec, {}), after: other.freezeUp(aTestSpec, {}) };
    expect(change.after.steps).not.toEqual(change.before.steps);
    expect(await failuresOf(await bundleOf(folder), files)).toEqual(new Map());
  }, 180_000);
});

describe('a parked run', () => {
  it('goes on after an upgrade of its worker to another catalogue, with the steps that it was given', async () => {
    const env = await startTemporal();
    try {
      const world = new FakeWorld();
      world.break('etcd/claim');
      const input = runInput();
      const queue = queueOf(input);
      const handle = await startRun(env, input);
      await withWorkers(env, queue, world.activities(), () => until(handle, (state) => state.status === 'blocked'));
      const title = `title: 'Verify the control plane'`;
      const folder = await changed('upgrade', 'src/distributions/federation/steps.ts', title, `title: 'Look at it'`);
      world.fix('etcd/claim');
      const goOn = async (): Promise<void> => {
        await handle.executeUpdate(retryUpdate, { args: [{}] });
        expect((await handle.result()).status).toBe('completed');
        expect((await handle.query(getRunStateQuery)).steps['verify/control-plane']!.title).toBe(
          'Verify the control plane',
        );
      };
      await withWorkers(env, queue, world.activities(), goOn, { workflowBundle: await bundleOf(folder) });
    } finally {
      await env.teardown();
    }
  }, 180_000);
});
