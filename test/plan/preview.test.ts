import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { aPlanned } from '../helpers/common/planned.ts';
import { fieldChanges, type ObjectPreview, type Preview, wouldChange } from '../../src/plan/preview.ts';

const object = (body: object, metadata: object = {}, kind = 'Deployment'): KubeObject =>
  ({ apiVersion: 'apps/v1', kind, metadata: { name: 'one', ...metadata }, ...body }) as KubeObject;

describe('fieldChanges', () => {
  it('names every field that differs, containers by their names and arguments by themselves', () => {
    const pod = (image: string, args: string[]) => ({ template: { containers: [{ name: 'etcd', image, args }] } });
    const before = object({ spec: pod('a:1', ['--one', '--two']) }, { labels: { 'a/b': '1' } });
    const after = object({ spec: pod('a:2', ['--zero', '--one', '--two']) }, { labels: { 'a/b': '2' } });
    expect(fieldChanges(before, after)).toEqual([
      { path: 'metadata.labels["a/b"]', from: '1', to: '2' },
      { path: 'spec.template.containers[etcd].image', from: 'a:1', to: 'a:2' },
      { path: 'spec.template.containers[etcd].args[0]', from: null, to: '--zero' },
    ]);
  });

  it('says when the order alone differs, and what is gone', () => {
    expect(fieldChanges(object({ spec: ['a', 'b'] }), object({ spec: ['b', 'a'] }))).toHaveLength(2);
    expect(fieldChanges(object({ spec: ['a', 'b'] }), object({ spec: ['b'] }))).toEqual([
      { path: 'spec[0]', from: 'a', to: null },
    ]);
    expect(fieldChanges(object({ spec: { replicas: 2 } }), object({ spec: {} }))).toEqual([
      { path: 'spec.replicas', from: '2', to: null },
    ]);
  });

  it('leaves out the marks of writes and what controllers tell', () => {
    const before = object(
      { status: { ready: 0 } },
      { resourceVersion: '1', uid: 'a', generation: 1, managedFields: [] },
    );
    expect(fieldChanges(before, object({ status: { ready: 1 } }, { resourceVersion: '2', generation: 2 }))).toEqual([]);
  });

  it('never tells what a Secret holds, nor an annotation that may quote it', () => {
    const before = object({ data: { key: 'b2xk', '.dockerconfigjson': 'b2xk' } }, { labels: { a: '1' } }, 'Secret');
    const after = object(
      { data: { key: 'bmV3', '.dockerconfigjson': 'bmV3' } },
      { labels: { a: '2' }, annotations: { last: 'bmV3' } },
      'Secret',
    );
    const changes = fieldChanges(before, after);
    expect(JSON.stringify(changes)).not.toMatch(/b2xk|bmV3/);
    expect(changes.map(({ path }) => path)).toEqual([
      'metadata.labels.a',
      'metadata.annotations',
      'data.key',
      'data[".dockerconfigjson"]',
    ]);
    expect(changes[0]).toMatchObject({ from: '1', to: '2' });
  });
});

describe('wouldChange', () => {
  const kept: ObjectPreview = {
    ...aPlanned,
    cluster: 'host',
    kind: 'Role',
    namespace: 'f',
    name: 'r',
    action: 'keep',
    fields: [],
    note: null,
  };
  const preview: Preview = { federation: 'f', specDigest: '', objects: [kept], obstacles: [] };
  it('is true for any action, and for a step that would block', () => {
    expect(wouldChange(preview)).toBe(false);
    expect(wouldChange({ ...preview, objects: [kept, { ...kept, action: 'create' }] })).toBe(true);
    expect(wouldChange({ ...preview, obstacles: [{ step: 's', code: null, message: '' }] })).toBe(true);
  });
});
