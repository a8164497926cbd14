import { describe, expect, it } from '@jest/globals';
import { type Amendment, planAmendment } from '../../src/graph/amend.ts';
import { freezeUp } from '../../src/graph/freeze.ts';
import type { Spec } from '../../src/spec/schema.ts';
import { aSpec } from '../helpers/common/spec.ts';

const spec = aSpec({ clusters: ['member-1'], dns: true });
const steps = (of: Spec) => freezeUp(of).steps;
const amend = (change: Partial<Spec>, untouched: string[] = []): Amendment | string =>
  planAmendment(steps(spec), steps({ ...spec, ...change }), (id) =>
    untouched.includes(id) ? 'untouched' : 'finished',
  );
const again = (change: Partial<Spec>, untouched: string[] = []): string[] => {
  const plan = amend(change, untouched);
  if (typeof plan === 'string') throw new Error(plan);
  return plan.again;
};

describe('planAmendment', () => {
  it('touches nothing but the record for policy', () => {
    expect(again({ policy: { ...spec.policy, parallelJoins: 3, waits: { ...spec.policy.waits, reach: 1 } } })).toEqual([
      'host/record',
    ]);
  });

  it('runs again what reads the change and what needs that, and leaves fixed steps that do not read it', () => {
    const images = { ...spec.images, apiserver: { ...spec.images.apiserver, version: 'v1.5.1' } };
    const touched = again({ images });
    for (const id of ['preflight/images', 'images/record', 'apiserver/deployment', 'apiserver/ready', 'host/record'])
      expect(touched).toContain(id);
    for (const id of ['host/namespace', 'etcd/claim', 'apiserver/certificates', 'apiserver/service', 'dns/zone'])
      expect(touched).not.toContain(id);
  });

  it('runs again for a patch what makes its object, and no fixed step that makes another', () => {
    const metadata = { name: 'federation-controller-manager' };
    const touched = again({ patches: [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata }] });
    expect(touched).toContain('controller-manager/deployment');
    expect(touched).not.toContain('apiserver/deployment');
    const claim = { name: 'federation-apiserver-etcd-claim' };
    const patches = [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: claim }];
    expect(amend({ patches })).toContain('etcd/claim');
  });

  it('leaves out what has not begun', () => {
    const apiserver = { ...spec.apiserver, replicas: 2 };
    expect(again({ apiserver }, ['apiserver/deployment', 'apiserver/ready'])).not.toContain('apiserver/ready');
  });

  it('refuses a change that a finished fixed step reads, by its name, and takes it before it is finished', () => {
    const etcd = { ...spec.etcd, storage: '20Gi' };
    expect(amend({ etcd })).toContain('etcd/claim');
    expect(again({ etcd }, ['etcd/claim'])).toContain('preflight/storage');
  });

  it('refuses to lose a step that made something', () => {
    const { dns: _dns, ...rest } = spec;
    const lost = planAmendment(steps(spec), steps(rest as Spec), () => 'finished');
    expect(lost).toContain('dns/zone');
    const early = planAmendment(steps(spec), steps(rest as Spec), () => 'begun') as Amendment;
    expect(early.dropped).toContain('dns/zone');
  });
});
