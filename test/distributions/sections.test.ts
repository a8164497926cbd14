import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { Distribution } from '../../src/distributions/distribution.ts';
import { federation } from '../../src/distributions/federation/index.ts';
import { parseFederation } from '../../src/distributions/parse.ts';

const other: Distribution = {
  ...federation,
  id: 'other',
  spec: {
    ...federation.spec,
    id: 'other',
    sections: { other: z.strictObject({ size: z.int().default(3) }).prefault({}) },
    namespace: 'other-system',
    context: 'other-api',
    images: [],
    flags: [],
    files: [],
    patchTargets: [],
    reservedSecrets: ['other-ca'],
    everyClient: '',
    rules: () => [],
  },
};
const table = { federation, other };

const head = 'apiVersion: fedctl/v1alpha1\nkind: Federation\nmetadata: {name: f}\nspec:\n  host: {context: host}\n';
const images = '  images:\n    apiserver: &i {registry: r.example, version: v1}\n    controllerManager: *i\n';
const parse = (spec: string) => parseFederation({ file: 'f.yaml', text: `${head}${spec}` }, table);
const problemsOf = (spec: string): string[] => {
  const parsed = parse(spec);
  return parsed.ok ? [] : parsed.problems.map(({ path, message, hint }) => `${path} ${message}; ${hint}`);
};

describe('the sections of a distribution', () => {
  it('are filled in by defaults where it is the one of the spec, and no others are', () => {
    const parsed = parse('  distribution: other\n');
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    expect(parsed.spec).toMatchObject({
      distribution: 'other',
      host: { namespace: 'other-system' },
      kubeconfig: { context: 'other-api' },
      other: { size: 3 },
    });
    for (const section of ['images', 'apiserver', 'controllerManager', 'etcd'])
      expect(parsed.spec).not.toHaveProperty([section]);
  });

  it('are refused in a spec of another, by the name of the one that has them', () => {
    expect(problemsOf(`${images}  other: {size: 1}\n`)).toEqual([
      'spec.other is a section of distribution other, which is not the distribution of this spec; remove it, or write distribution: other',
    ]);
    expect(problemsOf('  distribution: other\n  apiserver: {replicas: 2}\n')).toEqual([
      'spec.apiserver is a section of distribution federation, which is not the distribution of this spec; remove it, or write distribution: federation',
    ]);
  });

  it('have schemas and rules of their own', () => {
    expect(problemsOf('  distribution: other\n  other: {size: big}\n')[0]).toMatch(/^spec\.other\.size /);
    expect(problemsOf('  distribution: other\n  clusters: [{name: other-ca, context: a}]\n')[0]).toContain(
      'other-ca is a Secret of the control plane itself',
    );
  });

  it('say nothing of a distribution that is not there', () => {
    expect(problemsOf(`${images}  distribution: karmada\n`)).toEqual([
      'spec.distribution karmada is not built yet; write federation, or leave the field out',
    ]);
    expect(problemsOf(`${images}  karmada: {}\n`)[0]).toContain('spec.karmada is not a field of the spec');
  });
});
