import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { statusDocument } from '../../../src/cli/views/status-document.ts';
import { mergeStatus } from '../../../src/cli/views/merge-status.ts';
import type { StatusModel } from '../../../src/cli/views/status-model.ts';
import { nothing, recordStatus, silentStatus } from '../../../src/cli/reads/status-record.ts';
import { aSpec } from '../../helpers/common/spec.ts';
import { ago, pictures } from '../../helpers/terminal/pictures.ts';
import { standings } from '../../helpers/kubernetes/standings.ts';

/** The contract of `fedctl status -o json`, written down once more: programs read these fields and no others. */
const time = z.iso.datetime();
const step = z.strictObject({
  id: z.string().min(1),
  title: z.string().min(1),
  status: z.enum(['pending', 'running', 'blocked', 'done', 'kept', 'skipped', 'undone', 'failed']),
  attempt: z.int().min(0),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  nextAttemptAt: time.nullable(),
  detail: z.string().nullable(),
  error: z.strictObject({ code: z.string(), message: z.string(), fix: z.array(z.string()) }).nullable(),
});
const contract = z.strictObject({
  federation: z.string(),
  uuid: z.string(),
  workflowId: z.string(),
  operation: z.enum(['up', 'down', 'join', 'unjoin']).nullable(),
  source: z.enum(['workflow', 'record']),
  status: z.enum(['running', 'blocked', 'paused', 'rolling-back', 'completed', 'failed', 'cancelled', 'none']),
  blockedSince: time.nullable(),
  phases: z.array(
    z.strictObject({
      id: z.string(),
      status: z.enum(['pending', 'running', 'blocked', 'done', 'failed']),
      steps: z.array(step),
    }),
  ),
  clusters: z.array(
    z.strictObject({
      name: z.string(),
      status: z.enum(['pending', 'joining', 'blocked', 'ready', 'failed', 'unjoined']),
      steps: z.array(step),
    }),
  ),
  debts: z.array(
    z.strictObject({ cluster: z.string(), since: time, objects: z.int(), nextAttemptAt: time.nullable() }),
  ),
  warnings: z.array(z.strictObject({ step: z.string(), message: z.string(), fix: z.array(z.string()) })),
  outputs: z.strictObject({
    apiserverAddress: z.string().nullable(),
    context: z.string().nullable(),
    zone: z.string().nullable(),
    nameServers: z.array(z.string()),
    images: z.record(z.string(), z.string()),
    certificateExpiry: time.nullable(),
  }),
  lastRun: z
    .strictObject({
      operation: z.enum(['up', 'down', 'join', 'unjoin']).nullable(),
      status: z.enum(['running', 'blocked', 'paused', 'rolling-back', 'completed', 'failed', 'cancelled', 'none']),
      runId: z.string().min(1),
      startedAt: time.nullable(),
      endedAt: time.nullable(),
    })
    .nullable(),
  standing: z
    .strictObject({
      federation: z.string(),
      readAt: time,
      host: z.strictObject({
        context: z.string(),
        namespace: z.string(),
        server: z.string(),
        version: z.string().nullable(),
      }),
      phase: z.string(),
      writtenBy: z.string(),
      writtenAt: time,
      address: z.string().nullable(),
      components: z.array(
        z.strictObject({
          name: z.string(),
          ready: z.boolean().nullable(),
          why: z.string().nullable(),
          images: z.array(
            z.strictObject({
              container: z.string(),
              image: z.string(),
              digest: z.string().startsWith('sha256:').nullable(),
            }),
          ),
        }),
      ),
      members: z.array(
        z.strictObject({
          name: z.string(),
          context: z.string().nullable(),
          server: z.string().nullable(),
          ready: z.boolean().nullable(),
          why: z.string().nullable(),
          clusterDns: z.enum(['told', 'untold', 'skip', 'unknown']),
          clusterDnsWhy: z.string().nullable(),
        }),
      ),
      zone: z
        .strictObject({
          name: z.string(),
          provider: z.string(),
          stands: z.boolean().nullable(),
          made: z.boolean(),
          nameServers: z.array(z.string()),
          why: z.string().nullable(),
        })
        .nullable(),
      certificates: z.array(
        z.strictObject({ secret: z.string(), expires: time.nullable(), why: z.string().nullable() }),
      ),
    })
    .nullable(),
});

const model = (name: keyof typeof pictures): StatusModel => {
  const { parent, children } = pictures[name]();
  const merged = mergeStatus(parent, children, { context: 'federation-cluster', zone: 'federation.example.' });
  if (!merged) throw new Error('the run did not answer');
  return merged;
};
/** What a program reads: through JSON, so that a field that is undefined shows as missing. */
const read = (picture: StatusModel) => contract.parse(JSON.parse(JSON.stringify(statusDocument(picture))));

describe('the document of status -o json', () => {
  it.each(Object.keys(pictures) as (keyof typeof pictures)[])('keeps the contract: %s', (name) => {
    expect(read(model(name))).toMatchObject({ federation: 'myfederation', source: 'workflow' });
  });

  it('keeps the contract without a run: from the record, from Temporal alone, from nobody', () => {
    const record = { federation: 'f', uuid: 'u', phase: 'up', spec: aSpec({ clusters: ['a'] }), images: { etcd: 'e' } };
    const run = { execution: 'TERMINATED', runId: 'r', memo: { operation: 'up', context: 'c' } } as const;
    expect(read(recordStatus(record))).toMatchObject({
      source: 'record',
      operation: 'up',
      status: 'completed',
      clusters: [{ name: 'a', status: 'ready', steps: [] }],
    });
    expect(read(recordStatus({ ...record, phase: 'turning-up' }, run))).toMatchObject({
      source: 'record',
      status: 'failed',
    });
    expect(read(silentStatus('f', run))).toMatchObject({ source: 'workflow', operation: 'up', status: 'failed' });
    expect(read(nothing('f'))).toMatchObject({ status: 'none', operation: null, phases: [], clusters: [] });
  });

  it('tells attempt, next attempt and reason of a step that waits from what Temporal knows', () => {
    const steps = read(model('running')).phases.flatMap((phase) => phase.steps);
    expect(steps.find(({ id }) => id === 'apiserver/address')).toMatchObject({
      status: 'running',
      attempt: 1,
      detail: 'the load balancer has given no address yet',
      error: null,
    });
    expect(steps.find(({ id }) => id === 'dns/zone')).toMatchObject({
      status: 'running',
      attempt: 3,
      nextAttemptAt: '2026-11-24T12:10:04.000Z',
      detail: 'http://10.88.0.53:8081 does not answer',
    });
    expect(steps.find(({ id }) => id === 'apiserver/deployment')).toMatchObject({ status: 'pending', attempt: 0 });
  });

  it('tells a blocked member with its code, its reason and a way out', () => {
    const { status, blockedSince, clusters } = read(model('blocked'));
    expect([status, blockedSince]).toEqual(['blocked', '2026-11-24T12:09:00.000Z']);
    const step = clusters.find(({ name }) => name === 'member-2')?.steps.find(({ status: at }) => at === 'blocked');
    expect(step).toMatchObject({ id: 'clusters/member-2/identity', error: { code: 'FORBIDDEN' } });
    expect(step?.error?.fix.length).toBeGreaterThan(0);
  });

  it('tells what a run went on without, and what fixes it', () => {
    const [warning] = read(model('completed')).warnings;
    expect(warning).toMatchObject({ step: 'dns/delegation' });
    expect(warning?.fix).toContain('  federation.example. IN NS ns1.federation.example.');
    expect(read(model('blocked')).warnings).toEqual([]);
  });

  it('tells of nothing that works or waits in a run that is over', () => {
    const { status, blockedSince, phases, clusters } = read(model('cancelled'));
    expect([status, blockedSince]).toEqual(['cancelled', null]);
    const steps = [...phases, ...clusters].flatMap((group) => group.steps);
    expect(steps.filter((step) => step.status === 'running' || step.status === 'blocked')).toEqual([]);
    expect(steps.filter((step) => step.nextAttemptAt !== null)).toEqual([]);
    expect(phases.filter((phase) => phase.status === 'running' || phase.status === 'blocked')).toEqual([]);
    expect(clusters.map((cluster) => cluster.status)).toEqual(['ready', 'failed']);
    expect(steps.find(({ id }) => id === 'verify/control-plane')).toMatchObject({
      status: 'pending',
      detail: 'stopped with the run',
    });
    const failed = steps.find(({ id }) => id === 'clusters/member-2/identity');
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'FORBIDDEN' } });
    expect(failed?.finishedAt).toBe('2026-11-24T12:09:20.000Z');
  });

  it('calls a member that leaves a member until it has left', () => {
    const statuses = read(model('leaving')).clusters.map(({ name, status }) => [name, status]);
    expect(statuses).toEqual([
      ['member-1', 'unjoined'],
      ['member-2', 'ready'],
    ]);
  });

  it('tells the last run by Temporal, or else by the record, which does not say what it was about', () => {
    const spec = aSpec();
    const record = { federation: 'f', uuid: 'u', phase: 'up', spec, images: {}, updatedBy: 'w', updatedAt: ago(60) };
    const run = {
      execution: 'COMPLETED',
      runId: 'r',
      startedAt: ago(40),
      closedAt: ago(20),
      memo: { operation: 'join' },
    } as const;
    const ended = { operation: 'join', status: 'completed', runId: 'r', startedAt: ago(40), endedAt: ago(20) };
    expect(read(recordStatus(record, run)).lastRun).toEqual(ended);
    const written = { operation: null, status: 'completed', runId: 'w', startedAt: null, endedAt: ago(60) };
    expect(read(recordStatus(record)).lastRun).toEqual(written);
    expect(read(nothing('f')).lastRun).toBeNull();
    expect(read(model('blocked')).lastRun).toMatchObject({ operation: 'up', status: 'blocked', endedAt: null });
  });

  it.each(Object.entries(standings))('keeps the contract with what stands: %s', (_name, standing) => {
    const { components, ...rest } = standing;
    const told = components.map(({ name, ready, why, images }) => ({ name, ready, why, images }));
    expect(read({ ...model('completed'), standing }).standing).toEqual({ ...rest, components: told });
  });

  it('adds `changed` for up alone', () => {
    expect(statusDocument(model('completed'), { changed: true })).toHaveProperty('changed', true);
    expect(statusDocument(model('completed'))).not.toHaveProperty('changed');
  });
});
