import { describe, expect, it } from '@jest/globals';
import { changedSteps, hasChanged, upSentence } from '../../../src/cli/views/changed.ts';
import { statusOf } from '../../../src/cli/reads/list-runs.ts';
import { isChildOf } from '../../../src/cli/reads/observe.ts';
import { readStatus, type Sources } from '../../../src/cli/runs/read-status.ts';
import { mergeStatus } from '../../../src/cli/views/merge-status.ts';
import type { StatusModel } from '../../../src/cli/views/status-model.ts';
import { aSpec } from '../../helpers/common/spec.ts';
import { ago, pictures } from '../../helpers/terminal/pictures.ts';
import { standings } from '../../helpers/kubernetes/standings.ts';

const model = (name: keyof typeof pictures): StatusModel => {
  const { parent, children } = pictures[name]();
  const merged = mergeStatus(parent, children);
  if (!merged) throw new Error('the run did not answer');
  return merged;
};

describe('what a turn-up changed', () => {
  it('is said by what its steps did, not by how many there were', () => {
    const picture = model('completed');
    expect(changedSteps(picture)).toEqual({ created: [], updated: ['apiserver/deployment'], removed: [] });
    expect(upSentence('f', picture)).toBe('f is up; 1 step changed something: 1 updated (apiserver/deployment)');
  });

  it('is nothing when all was kept or only looked at', () => {
    const picture = model('completed');
    const steps = picture.phases.flatMap((phase) => phase.steps).filter((step) => step.id !== 'apiserver/deployment');
    const same = { ...picture, phases: [{ id: 'verify' as const, status: 'done' as const, steps }] };
    expect(hasChanged(same)).toBe(false);
    expect(upSentence('f', same)).toBe('f is up; nothing had to be changed');
  });

  it('is counted, not listed, when it is much', () => {
    const picture = model('blocked');
    const { created } = changedSteps(picture);
    expect(upSentence('f', picture)).toBe(
      `f is up; ${created.length} steps changed something: ${created.length} created`,
    );
  });
});

describe("a member's run", () => {
  it('is this run’s own only when this execution started it', () => {
    expect(isChildOf({ runId: 'second' }, { parentRunId: 'second' })).toBe(true);
    expect(isChildOf({ runId: 'second' }, { parentRunId: 'first' })).toBe(false);
    expect(isChildOf({ runId: 'second' }, { parentRunId: null })).toBe(false);
  });

  it('is told without steps until this run has its own', () => {
    const { parent } = pictures.leaving();
    expect(mergeStatus(parent, [])?.clusters.map((cluster) => cluster.steps)).toEqual([[], []]);
  });
});

it.each([
  ['RUNNING', 'blocked', 'blocked'],
  ['RUNNING', 'completed', 'running'], // said a moment before the execution closes
  ['FAILED', 'cancelled', 'cancelled'],
  ['FAILED', 'running', 'failed'],
  ['TERMINATED', 'running', 'terminated'],
  ['COMPLETED', undefined, 'completed'],
])('list: an execution %s that said %s is %s', (execution, said, status) => {
  expect(statusOf(execution, said)).toBe(status);
});

describe('where a status comes from', () => {
  const record = {
    federation: 'f',
    uuid: 'u',
    phase: 'turning-up',
    spec: aSpec({ clusters: ['a'] }),
    images: {},
  };
  const target = { federation: 'f', host: undefined };
  const silent = {
    ...pictures.running().parent,
    state: null,
    startedAt: ago(60),
    parentRunId: null,
    memo: { operation: 'up', host: { context: 'from-the-memo', namespace: 'n' } },
    silent: true,
  };
  const sources = (change: Partial<Sources>): Sources => ({
    temporal: { address: 'here', observe: () => Promise.resolve(undefined) },
    record: () => Promise.resolve(undefined),
    ...change,
  });
  const dead = { address: 'there', observe: () => Promise.reject(new Error('14 UNAVAILABLE')) };

  it('is the record, in the host of the run’s memo, when no worker answers; the run goes on all the same', async () => {
    const asked: unknown[] = [];
    const { model: seen, notes } = await readStatus(
      sources({
        temporal: { address: 'here', observe: () => Promise.resolve({ parent: silent, children: [] }) },
        record: (host) => {
          asked.push(host?.context);
          return Promise.resolve(record);
        },
      }),
      target,
    );
    expect(seen).toMatchObject({ source: 'record', status: 'running', operation: 'up', uuid: 'u' });
    expect(notes.join()).toMatch(/no worker answered.*fedctl worker/);
    expect(asked).toEqual(['from-the-memo']);
  });

  it('is the record where the flags say, laid over the host of the run’s memo', async () => {
    const asked: unknown[] = [];
    const flags = { kubeconfig: '/theirs', namespace: 'theirs' };
    await readStatus(
      sources({
        temporal: { address: 'here', observe: () => Promise.resolve({ parent: silent, children: [] }) },
        record: (host) => Promise.resolve(void asked.push(host)),
      }),
      { ...target, flags },
    );
    expect(asked).toEqual([{ context: 'from-the-memo', ...flags }]);
  });

  it('is the record when Temporal is away, and that is said', async () => {
    const { model: seen, notes } = await readStatus(
      sources({ temporal: dead, record: () => Promise.resolve({ ...record, phase: 'up' }) }),
      target,
    );
    expect(seen).toMatchObject({ source: 'record', status: 'completed' });
    expect(notes).toEqual(['Temporal at there did not answer: 14 UNAVAILABLE']);
  });

  const running = { ...pictures.joined().parent, ...silent, state: pictures.joined().parent.state, silent: false };
  const answering = {
    address: 'here',
    observe: () => Promise.resolve({ parent: running, children: [] }),
  };

  it('is the run and, whatever that was about, what stands, with what only the record knows of it', async () => {
    const federation = 'myfederation';
    const standing = { ...standings.whole };
    const { model: seen, notes } = await readStatus(
      sources({
        temporal: answering,
        record: () => Promise.resolve({ ...record, federation, images: { etcd: 'e' } }),
        standing: (host) => Promise.resolve(host?.context === 'from-the-memo' ? standing : undefined),
      }),
      { federation, host: undefined },
    );
    expect(seen.standing).toBe(standing);
    expect(seen.clusters.map(({ name }) => name)).toEqual(['member-3']);
    expect(seen.outputs).toMatchObject({ context: 'federation-cluster', images: { etcd: 'e' } });
    expect(notes).toEqual([]);
  });

  it('says that what stands is not known when the host is silent, and takes no other federation for it', async () => {
    const asked = { federation: 'myfederation', host: undefined };
    const late = () => Promise.reject(new Error('https://h did not answer within 3 s'));
    const without = await readStatus(sources({ temporal: answering, record: late, standing: late }), asked);
    expect(without.model.standing).toBeNull();
    expect(without.notes).toEqual(['the state of the clusters is not known: https://h did not answer within 3 s']);
    const other = () => Promise.resolve({ ...standings.whole, federation: 'g' });
    const foreign = await readStatus(sources({ temporal: answering, standing: other }), asked);
    expect(foreign.model.standing).toBeNull();
  });

  it('is told with what stands when neither Temporal nor a worker is there', async () => {
    const standing = { ...standings.whole, federation: 'f' };
    const { model: seen } = await readStatus(
      sources({
        temporal: undefined,
        record: () => Promise.resolve({ ...record, phase: 'up', updatedBy: 'w', updatedAt: ago(60) }),
        standing: () => Promise.resolve(standing),
      }),
      target,
    );
    expect(seen).toMatchObject({ source: 'record', standing, lastRun: { operation: null, runId: 'w' } });
  });

  it('is unknown only when both answered', async () => {
    expect(await readStatus(sources({}), target)).toMatchObject({ unknown: true, model: { status: 'none' } });
    const other = () => Promise.resolve({ ...record, federation: 'g' });
    expect((await readStatus(sources({ record: other }), target)).notes.join()).toMatch(/holds g, not f/);
    await expect(readStatus(sources({ temporal: dead }), target)).rejects.toMatchObject({ exitCode: 1 });
    const shut = () => Promise.reject(new Error('no current context'));
    await expect(readStatus(sources({ record: shut }), target)).rejects.toThrow(/no current context/);
  });
});
