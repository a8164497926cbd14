import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { startRun as startByCommand } from '../../src/cli/runs/start-run.ts';
import { memberWorkflowIdOf, type RunInput } from '../../src/run/input.ts';
import { cancelUpdate, retryUpdate } from '../../src/run/messages.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { findProgram } from '../helpers/common/programs.ts';
import { startTemporal, withWorkers } from '../helpers/temporal/temporal.ts';
import { aTestSpec, endOf, eventually, type Handle, queueOf, runInput, temporalOf, until } from './runs.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env.teardown());

/** Starts the run as the command does. */
async function started(input: RunInput, server = env): Promise<Handle> {
  const { workflowId } = await startByCommand(temporalOf(server), input, {}, { taskQueue: queueOf(input) });
  return server.client.workflow.getHandle(workflowId) as Handle;
}

/** What a run wrote of itself, in order: status, phase, blocked step. */
async function written({ workflowId }: Handle): Promise<unknown[][]> {
  const { events } = await env.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap((event) => {
    const fields = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields ?? {};
    if (!('FedctlStatus' in fields)) return [];
    const of = (name: string): unknown => JSON.parse(Buffer.from(fields[name]?.data ?? 'null').toString());
    return [[of('FedctlStatus'), of('FedctlPhase'), of('FedctlBlockedStep')]];
  });
}

describe('search attributes', () => {
  it('can be asked for as docs/temporal-ui.md says', async () => {
    const page = await readFile(new URL('../../docs/temporal-ui.md', import.meta.url), 'utf8');
    const queries = [...page.matchAll(/^\|[^|`]*\| `([^`]+ (?:=|IS|IN|>) [^`]+)` *\|$/gm)].map(([, query]) => query!);
    expect(queries.length).toBeGreaterThan(5);
    for (const query of queries) await env.client.workflow.count(query);
    await expect(env.client.workflow.count('NoSuchAttribute = "x"')).rejects.toThrow('Failed to count');
  });

  it('find a run by federation, phase and blocked step, and its members, until their end', async () => {
    const world = new FakeWorld();
    world.break('dns/delegation');
    world.break('clusters/member-2/register');
    const input = runInput();
    const { federation } = input;
    await withWorkers(env, queueOf(input), world.activities(), async () => {
      const handle = await started(input);
      const member = memberWorkflowIdOf(federation, 'member-2');
      const found = (workflowId: string, query: string) => async (): Promise<boolean> => {
        const one = `FedctlFederation = "${federation}" AND WorkflowId = "${workflowId}"`;
        return (await env.client.workflow.count(`${one} AND ${query}`)).count === 1;
      };
      const blockedAt = (phase: string, step: string): string =>
        `FedctlStatus = "blocked" AND FedctlPhase = "${phase}" AND FedctlBlockedStep = "${step}"`;
      await eventually(found(handle.workflowId, blockedAt('dns', 'dns/delegation')), 'the run');
      await eventually(found(member, blockedAt('clusters', 'clusters/member-2/register')), 'its member');
      world.fix('dns/delegation');
      world.fix('clusters/member-2/register');
      await handle.executeUpdate(retryUpdate, { args: [{}] });
      await handle.result();
      const over = `FedctlStatus = "completed" AND FedctlPhase = "done" AND FedctlBlockedStep IS NULL`;
      await eventually(found(handle.workflowId, over), 'its end');
      await eventually(found(member, over), 'the end of its member');
    });
  }, 60_000);

  it('are written when they differ from what stands there, and only then', async () => {
    const world = new FakeWorld();
    world.break('clusters/member-2/register');
    const input = runInput();
    await withWorkers(env, queueOf(input), world.activities(), async () => {
      const handle = await started(input);
      await until(handle, (state) => state.status === 'blocked');
      // A run that waits for a member is in the phase of its members, whatever it did itself last.
      const blocked = ['blocked', 'clusters', 'clusters/member-2/register'];
      await eventually(async () => `${(await written(handle)).at(-1)}` === `${blocked}`, 'it says so');
      await handle.executeUpdate(cancelUpdate, { args: [{}] });
      expect(await endOf(handle)).toContain('cancelled by an operator');
      // It did not complete: what stays is where it stopped.
      const all = await written(handle);
      expect(all.at(-1)).toEqual(['cancelled', 'clusters', null]);
      expect(all.map(([, phase]) => phase)).toEqual(expect.arrayContaining(['preflight', 'control-plane', 'clusters']));
      all.forEach((one, at) => expect(one).not.toEqual(all[at - 1]));
      const joined = await written(
        env.client.workflow.getHandle(memberWorkflowIdOf(input.federation, 'member-1')) as Handle,
      );
      expect(joined).toEqual([
        ['running', 'clusters', null],
        ['completed', 'done', null],
      ]);
    });
  }, 60_000);

  it('are left alone where the server does not know them: an unknown one would block the run for ever', async () => {
    const bare = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: findProgram('temporal') } },
    });
    try {
      const world = new FakeWorld();
      const input = runInput({ spec: aTestSpec });
      await withWorkers(bare, queueOf(input), world.activities(), async () => {
        expect(await endOf(await started(input, bare))).toBe('completed');
      });
    } finally {
      await bare.teardown();
    }
  }, 60_000);
});
