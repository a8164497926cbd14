import { describe, expect, it } from '@jest/globals';
import { planDocument, planLines, summaryOf } from '../../../src/cli/views/plan-model.ts';
import type { ObjectPreview, Preview } from '../../../src/plan/preview.ts';
import { expectGolden } from '../../helpers/common/golden.ts';
import { aPlanned } from '../../helpers/common/planned.ts';
import { aSpec } from '../../helpers/common/spec.ts';

const about = {
  host: { context: 'host', namespace: 'federation' },
  spec: aSpec({}),
  flags: { prune: false, adopt: false, takeOwnership: false },
};

const one = (given: Partial<ObjectPreview>): ObjectPreview => ({
  ...aPlanned,
  cluster: 'host',
  kind: 'Role',
  namespace: 'federation',
  name: 'one',
  action: 'keep',
  fields: [],
  note: null,
  ...given,
});
const long = '--federations=myfederation=federation.example,another=another.federation.example';
const preview: Preview = {
  federation: 'myfederation',
  specDigest: 'sha256:1',
  objects: [
    one({
      cluster: 'federation',
      kind: 'Cluster',
      namespace: '',
      name: 'member-2',
      action: 'delete',
      note: 'member-2 leaves',
    }),
    one({
      cluster: 'member-1',
      kind: 'Deployment',
      namespace: 'kube-system',
      name: 'kube-dns',
      action: 'update',
      fields: [{ path: 'spec.args[2]', from: null, to: long }],
    }),
    one({}),
    one({ kind: 'Secret', name: 'federation-ca', action: 'create', note: 'would be created' }),
    one({
      kind: 'Deployment',
      name: 'federation-apiserver',
      action: 'update',
      fields: [{ path: 'spec.replicas', from: '3', to: '1' }],
    }),
  ],
  obstacles: [{ step: 'apiserver/service', code: 'FIELD_OWNED', message: 'spec.type is owned by kubectl' }],
};

describe('planLines', () => {
  it.each([80, 40])('at %s columns is as it was looked at', (columns) => {
    const lines = planLines(planDocument(preview, about), columns);
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    expectGolden(`cli/plan-${columns}.txt`, lines.join('\n'));
  });

  it('folds what is kept unless all is asked for', () => {
    const document = planDocument(preview, about);
    expect(planLines(document, 80)).toContain('  = 1 kept');
    expect(planLines(document, 80, { all: true })).toContain('  = Role federation/one');
  });
});

describe('planDocument', () => {
  it('has the same digest whoever answered first, and another for another world', () => {
    const { digest } = planDocument(preview, about);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(planDocument({ ...preview, objects: preview.objects.toReversed() }, about).digest).toBe(digest);
    expect(planDocument({ ...preview, specDigest: 'sha256:2' }, about).digest).not.toBe(digest);
  });

  it('says "no changes" of a world that is as the file wants it', () => {
    const document = planDocument({ ...preview, objects: [one({})], obstacles: [] }, about);
    expect(document).toMatchObject({ changes: false, counts: { keep: 1, create: 0 } });
    expect(summaryOf(document)).toMatch(/^no changes/);
  });
});
