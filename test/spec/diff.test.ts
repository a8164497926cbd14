import { describe, expect, it } from '@jest/globals';
import { diffSpecs, formatChange } from '../../src/spec/diff.ts';
import { aSpec } from '../helpers/common/spec.ts';

const lines = (from: object, to: object): string[] => diffSpecs(from, to).map(formatChange);
const spec = aSpec({ clusters: ['member-1', 'member-2'], dns: true });

describe('diffSpecs', () => {
  it('says nothing of specs that say the same', () => {
    expect(lines(spec, structuredClone(spec))).toEqual([]);
  });
  it('names the field, with both values', () => {
    expect(lines(spec, { ...spec, etcd: { ...spec.etcd, storage: '20Gi' } })).toEqual([
      'etcd.storage: "10Gi" -> "20Gi"',
    ]);
  });
  it('compares members by name', () => {
    const [, second] = spec.clusters;
    expect(lines(spec, { ...spec, clusters: [{ ...second, context: 'other' }] })).toEqual([
      expect.stringMatching(/^clusters\[member-1\]: \{.*\.\.\. -> \(nothing\)$/),
      'clusters[member-2].context: "member-2" -> "other"',
    ]);
  });
  it('shows what came and what went', () => {
    const { dns: _dns, ...without } = spec;
    expect(lines(without, { ...without, extra: 1 })).toEqual(['extra: (nothing) -> 1']);
    expect(lines(spec, without)).toEqual([expect.stringMatching(/^dns: \{.* -> \(nothing\)$/)]);
  });
});
