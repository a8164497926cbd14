import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { FrozenStep } from '../../src/graph/frozen.ts';
import { freezeDown, freezeUp } from '../../src/graph/freeze.ts';
import { expandTemplate } from '../../src/graph/refs.ts';
import { memberWorkflowIdOf, type RunInput } from '../../src/run/input.ts';
import { cancelUpdate, retryUpdate } from '../../src/run/messages.ts';
import type { RunState } from '../../src/run/state.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { inParallel, manyWorlds } from '../helpers/kubernetes/many-worlds.ts';
import { startTemporal, withWorkers } from '../helpers/temporal/temporal.ts';
import { aTestSpec, endOf, type Handle, runInput, startRun, until } from './runs.ts';

/** Generated from the catalogue: cancel at every step, and a failure inside every undo. */
const [member] = aTestSpec.clusters;
const up = freezeUp(aTestSpec);
const ofMembers = (steps: FrozenStep[]): FrozenStep[] =>
  aTestSpec.clusters.flatMap((cluster) => expandTemplate(steps, cluster));
const template = up.clusters!.template;
const steps = [...up.steps, ...expandTemplate(template, member!)].map(({ id }) => id);
const undoable = new Set([...up.steps, ...ofMembers(template)].flatMap(({ id, undo }) => (undo ? [id] : [])));

const down = { volumes: 'delete' } as const;
const undos = (() => {
  const graph = freezeDown(aTestSpec, down);
  const own = [...graph.steps, ...expandTemplate(graph.clusters!.template, member!)];
  return own.filter(({ id, activity }) => undoable.has(id) && activity !== 'lookAtLeaving').map(({ id }) => id);
})();

let env: TestWorkflowEnvironment;
const worlds = new Map<string, FakeWorld>();
/** Runs at once: enough to make use of waiting, few enough for two cores. */
const atOnce = 4;
/** ms for one run on a busy machine. */
const withinMs = 240_000;

interface Course {
  before: readonly string[];
  calls: readonly string[];
  end: string;
  state: RunState;
  open: string[];
}

/** Takes a run that blocks at a step to its end, by what the operator does then. */
async function course(
  broken: string,
  change: Partial<RunInput>,
  act: (handle: Handle, world: FakeWorld) => Promise<unknown>,
  taskQueue: string,
): Promise<Course> {
  const input = runInput(change);
  const world = new FakeWorld();
  world.break(broken);
  worlds.set(input.federation, world);
  const handle = await startRun(env, input, taskQueue);
  await until(handle, ({ status }) => status === 'blocked', withinMs);
  const before = [...world.calls];
  await act(handle, world);
  const end = await endOf(handle);
  const state = await until(handle, () => true, withinMs);
  const begun = Object.values(state.clusters).filter(({ status }) => status !== 'pending');
  const open: string[] = [];
  for (const { name } of begun) {
    const id = memberWorkflowIdOf(input.federation, name);
    if ((await env.client.workflow.getHandle(id).describe()).status.name === 'RUNNING') open.push(id);
  }
  return { before, calls: world.calls.slice(before.length), end, state, open };
}

const cancel = (rollback: boolean) => (handle: Handle) =>
  handle.executeUpdate(cancelUpdate, { args: [{ by: 'ann@desk', ...(rollback ? { rollback } : {}) }] });
const fix = (id: string) => async (handle: Handle, world: FakeWorld) => {
  world.fix(id);
  await handle.executeUpdate(retryUpdate, { args: [{}] });
};

/** Courses by step, made side by side before the tests look at them. */
interface Courses {
  cancelled: Map<string, Course>;
  rolledBack: Map<string, Course>;
  fixed: Map<string, Course>;
}

async function allCourses(chosen: { steps: string[]; undos: string[] }, cached: number): Promise<Courses> {
  const taskQueue = `every-step-${cached}`;
  const activities = manyWorlds((federation) => worlds.get(federation), new FakeWorld());
  const byStep = async (ids: string[], run: (id: string) => Promise<Course>): Promise<Map<string, Course>> => {
    const courses = await inParallel(ids, atOnce, run);
    return new Map(ids.map((id, at) => [id, courses[at]!]));
  };
  const work = async (): Promise<Courses> => ({
    cancelled: await byStep(chosen.steps, (id) => course(id, {}, cancel(false), taskQueue)),
    rolledBack: await byStep(chosen.steps, (id) => course(id, {}, cancel(true), taskQueue)),
    fixed: await byStep(chosen.undos, (id) => {
      const change = { operation: 'down' as const, down };
      return course(`undo ${id}`, change, fix(`undo ${id}`), taskQueue);
    }),
  });
  return withWorkers(env, taskQueue, activities, work, { maxCachedWorkflows: cached });
}

const undone = (calls: readonly string[]): string[] =>
  calls.filter((id) => id.startsWith('undo ')).map((id) => id.slice('undo '.length));

describe.each([
  ['', { steps, undos }, 500],
  [
    ' without a cache of workflows',
    { steps: ['etcd/claim', 'clusters/member-1/register'], undos: ['apiserver/service', 'clusters/member-1/identity'] },
    0,
  ],
] as const)('every step%s', (_how, chosen, cached) => {
  let courses: Courses;
  beforeAll(async () => {
    env = await startTemporal();
    courses = await allCourses({ steps: [...chosen.steps], undos: [...chosen.undos] }, cached);
  }, 900_000);
  afterAll(() => env.teardown());

  it.each([...chosen.steps])('%s: cancel keeps what stands, and nothing of the run is left running', (id) => {
    const { end, state, calls, open } = courses.cancelled.get(id)!;
    expect(end).toBe('cancelled by ann@desk; what it made is kept');
    expect(state.status).toBe('cancelled');
    expect(undone(calls)).toEqual([]);
    expect(open).toEqual([]);
  });

  it.each([...chosen.steps])('%s: cancel --rollback undoes exactly what began, each once', (id) => {
    const { before, end, state, calls, open } = courses.rolledBack.get(id)!;
    expect(before).toContain(id);
    expect(end).toBe('cancelled by ann@desk; what this run made is undone');
    expect(state.status).toBe('cancelled');
    // A member's undos are those of its template: a run of its own keeps no account of what of it began.
    const host = before.filter((step) => undoable.has(step) && !step.startsWith('clusters/'));
    const members = aTestSpec.clusters.filter(({ name }) =>
      before.some((step) => step.startsWith(`clusters/${name}/`)),
    );
    const theirs = members.flatMap((cluster) =>
      expandTemplate(template, cluster).flatMap((step) => (step.undo ? [step.id] : [])),
    );
    expect(undone(calls).sort()).toEqual([...new Set(host), ...theirs].sort());
    expect(open).toEqual([]);
  });

  it.each([...chosen.undos])('%s: an undo that failed goes on after its fix', (id) => {
    const { before, end, state, calls, open } = courses.fixed.get(id)!;
    expect(before).toContain(`undo ${id}`);
    expect(end).toBe('completed');
    expect(new Set(Object.values(state.steps).map(({ status }) => status))).toEqual(new Set(['done', 'undone']));
    expect(calls.filter((call) => call === `undo ${id}`)).toHaveLength(1);
    expect(open).toEqual([]);
  });
});
