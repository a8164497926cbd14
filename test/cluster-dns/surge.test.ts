import { describe, expect, it } from '@jest/globals';
import { controllerOf, type DnsController } from '../../src/cluster-dns/shapes.ts';
import { holderOfReplicas, patchToLower, patchToRaise, surgeAnnotation, surgeOf } from '../../src/cluster-dns/surge.ts';
import { kubeDnsV18 } from '../helpers/kubernetes/kube-dns.ts';

const federation = 'a'.repeat(63);
const now = new Date('2026-01-01T00:00:00Z');
const rc = (replicas: number | undefined, annotations: Record<string, string> = {}): DnsController => {
  const object = kubeDnsV18();
  const { replicas: _one, ...spec } = object['spec'] as { replicas: number };
  object['spec'] = { ...spec, ...(replicas === undefined ? {} : { replicas }) };
  object.metadata.annotations = annotations;
  return controllerOf(object, 'ReplicationController')!;
};
const mark = (former: number, raised: number): Record<string, string> => ({
  [surgeAnnotation(federation)]: JSON.stringify({ former, raised, since: now.toISOString() }),
});

describe('one pod more', () => {
  it('is asked for with what was before beside it, also where the default stood', () => {
    expect(patchToRaise(rc(undefined, { theirs: '1' }), federation, now)).toEqual([
      { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
      { op: 'add', path: '/spec/replicas', value: 2 },
      { op: 'add', path: '/metadata/annotations', value: { theirs: '1', ...mark(1, 2) } },
    ]);
    // What an API server takes for the name of an annotation (validation of qualified names).
    expect(surgeAnnotation(federation).split('/')[1]!.length).toBeLessThanOrEqual(63);
  });

  it('is put back, but never over a number that somebody else set since', () => {
    const without = { op: 'add', path: '/metadata/annotations', value: { theirs: '1' } };
    expect(patchToLower(rc(2, { theirs: '1', ...mark(1, 2) }), federation)).toEqual([
      { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
      { op: 'replace', path: '/spec/replicas', value: 1 },
      without,
    ]);
    const set = patchToLower(rc(5, { theirs: '1', ...mark(1, 2) }), federation);
    expect(set).toContainEqual(without);
    expect(set).not.toContainEqual(expect.objectContaining({ path: '/spec/replicas' }));
    expect(patchToLower(rc(2), federation)).toBeUndefined();
  });

  it.each([
    '',
    '{',
    '{}',
    '{"former":1,"raised":"2","since":"2026-01-01T00:00:00Z"}',
    '{"former":1,"raised":2,"since":"then"}',
  ])('is none of ours when the annotation reads %j', (text) => {
    expect(surgeOf(rc(2, { [surgeAnnotation(federation)]: text }).object, federation)).toBeUndefined();
  });

  it('is not asked for where somebody keeps setting the number', () => {
    const held = (entry: object): string | undefined => {
      const { object } = rc(1);
      object.metadata.managedFields = [{ fieldsV1: { 'f:spec': { 'f:replicas': {} } }, ...entry }] as never;
      return holderOfReplicas(object);
    };
    expect(held({ manager: 'cluster-proportional-autoscaler', operation: 'Update', subresource: 'scale' })).toBe(
      'cluster-proportional-autoscaler',
    );
    expect(held({ manager: 'argocd-controller', operation: 'Apply' })).toBe('argocd-controller');
    expect(held({ manager: 'kubectl', operation: 'Update', subresource: 'scale' })).toBeUndefined();
    expect(held({ manager: 'kubectl', operation: 'Apply' })).toBeUndefined();
    expect(held({ manager: 'kubeadm', operation: 'Update' })).toBeUndefined();
    expect(held({ manager: 'argocd-controller', operation: 'Apply', fieldsV1: { 'f:spec': {} } })).toBeUndefined();
  });
});
