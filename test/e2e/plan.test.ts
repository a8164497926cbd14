import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PlanDocument } from '../../src/cli/views/plan-model.ts';
import { names } from '../../src/distributions/federation/names.ts';
import { picture } from './objects.ts';
import { Operator, type Ran } from './world.ts';

const name = 'planned';
const succeeded = (ran: Ran): void =>
  expect({ code: ran.code, tail: ran.code === 0 ? '' : ran.stderr.slice(-3_000) }).toEqual({ code: 0, tail: '' });
const members = ['member-1', 'member-2'];

/** A plan before, exactly that, and a proof after: on real clusters. */
describe('plan, and up --plan', () => {
  let operator: Operator;
  let file: string;

  beforeAll(async () => {
    operator = await Operator.create(name);
    file = await operator.spec(name, { spec: { clusters: [{ name: 'member-1', context: 'member-1' }] } });
    await operator.startWorker();
  }, 60_000);
  afterAll(async () => {
    await operator?.fedctl('down', '-f', file, '--yes', '--volumes', 'delete', '--cancel-first');
    await operator?.endWorkers();
    await operator?.close();
  }, 180_000);

  const plan = async (...more: string[]): Promise<Ran & { document: PlanDocument }> => {
    const ran = await operator.fedctl('plan', '-f', file, '-o', 'json', ...more);
    return { ...ran, document: JSON.parse(ran.stdout) as PlanDocument };
  };
  const follow = async (document: PlanDocument, ...more: string[]): Promise<Ran> => {
    await writeFile(operator.path('plan.json'), JSON.stringify(document));
    return operator.fedctl('up', '--plan', operator.path('plan.json'), ...more);
  };

  it('tells all that a turn-up will make, and writes nothing', async () => {
    const before = await picture(operator, members);
    const { code, document } = await plan('--detailed-exitcode');
    expect({ code, obstacles: document.obstacles }).toEqual({ code: 2, obstacles: [] });
    expect(await picture(operator, members)).toEqual(before);
    expect(document.counts).toMatchObject({ keep: 0 });
    const pods = document.objects.filter(({ kind }) => kind === 'Pod');
    expect(pods).toMatchObject([{ cluster: 'member-1', action: 'delete', namespace: 'kube-system' }]);
  }, 60_000);

  it('is done exactly: what was to be made is what was made', async () => {
    const before = await picture(operator, members);
    const { document } = await plan();
    const up = await follow(document);
    succeeded(up);
    const made = Object.keys(await picture(operator, members)).filter((key) => !(key in before));
    const planned = document.objects
      .filter(({ cluster, action, kind }) => action === 'create' && cluster !== 'dns' && kind !== 'Cluster')
      .map(({ cluster, kind, namespace, name: of }) => `${cluster} ${kind} ${namespace}/${of}`);
    // fedctl's own notes, and what Kubernetes puts into every new namespace.
    const own = /fedctl-record|fedctl-ledger|kube-root-ca\.crt|\/default$/;
    expect(made.filter((key) => !own.test(key)).sort()).toEqual(planned.sort());
  }, 240_000);

  it('says that nothing changes, and what a hand changed since', async () => {
    const calm = await operator.fedctl('plan', '-f', file, '--detailed-exitcode');
    expect({ code: calm.code, says: calm.stdout.trim().split('\n').at(-1) }).toEqual({
      code: 0,
      says: expect.stringMatching(/^no changes: \d+ objects match the file$/),
    });
    await operator.kubectl('host', '-n', name, 'delete', 'role', names.controllerManager);
    const drifted = await plan('--detailed-exitcode');
    expect(drifted.code).toBe(2);
    expect(drifted.document.objects.filter(({ action }) => action !== 'keep')).toMatchObject([
      { kind: 'Role', name: 'federation-controller-manager', action: 'create' },
    ]);
  }, 60_000);

  it('brings back what a hand took away, by the plan that says so', async () => {
    succeeded(await follow((await plan()).document));
    expect((await plan('--detailed-exitcode')).code).toBe(0);
  }, 120_000);

  it('names another field manager as what is in the way, with what taking the field would change', async () => {
    const scale = (to: string) => ['-n', name, 'scale', 'deployment', names.controllerManager, `--replicas=${to}`];
    await operator.kubectl('host', ...scale('2'));
    const { document } = await plan();
    expect(document.obstacles).toMatchObject([{ step: 'controller-manager/deployment', code: 'FIELD_OWNED' }]);
    expect(
      document.objects.find(({ kind, name: of }) => kind === 'Deployment' && of.includes('manager')),
    ).toMatchObject({
      action: 'update',
      fields: expect.arrayContaining([{ path: 'spec.replicas', from: '2', to: '1' }]),
      note: expect.stringContaining('owned by'),
    });
    expect((await follow(document)).code).toBe(7);
    const taking = (await plan('--take-ownership')).document;
    expect(taking.obstacles).toEqual([]);

    // The world moves before the plan is followed, and back while the run waits.
    await operator.kubectl('host', ...scale('3'));
    const blocked = await follow(taking);
    expect({ code: blocked.code, tail: blocked.stderr.slice(-2_000) }).toEqual({
      code: 6,
      tail: expect.stringMatching(/was changed since the plan was made[^]*PLAN_STALE/),
    });
    await operator.kubectl('host', ...scale('2'));
    succeeded(await operator.fedctl('up', '--plan', operator.path('plan.json')));
    expect((await plan('--detailed-exitcode')).code).toBe(0);
  }, 240_000);
});
