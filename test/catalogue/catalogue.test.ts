import { describe, expect, it } from '@jest/globals';
import { patchTargets } from '../../src/distributions/federation/patch-targets.ts';
import { phases, type StepDefinition } from '../../src/catalogue/definition.ts';
import { sliceSpec } from '../../src/graph/freeze.ts';
import { hostSteps, memberSteps } from '../../src/distributions/federation/steps.ts';
import { schemaOfFile } from '../../src/distributions/parse.ts';

const all: [string, StepDefinition][] = [...Object.entries(hostSteps), ...Object.entries(memberSteps)];

/** Whether a dotted path is a field of the schema. */
function isField(path: string): boolean {
  let node: unknown = (schemaOfFile('federation').shape.spec as unknown as { shape: object }).shape;
  for (const key of path.split('.')) {
    if (typeof node !== 'object' || node === null || !(key in node)) return false;
    let schema = (node as Record<string, { def?: { innerType?: unknown }; shape?: object }>)[key];
    while (schema && !schema.shape && schema.def?.innerType) schema = schema.def.innerType as typeof schema;
    node = schema?.shape ?? {};
  }
  return true;
}

describe('the catalogue', () => {
  it.each(all)('%s says what it does and why, in the words of people', (id, step) => {
    expect(phases).toContain(step.phase);
    expect(step.title).toMatch(/^[A-Z][^.]+$/);
    expect(step.done).toMatch(/^[A-Z][^.]+$/i);
    expect(step.why).toMatch(/^\S.*\.$/);
    expect(id).toMatch(/^[a-z-]+\/[a-z{}-]+(\/[a-z-]+)?$/);
  });

  it.each(all)('%s reads fields that the spec has', (_id, step) => {
    for (const path of step.reads) expect([path, isField(path)]).toEqual([path, true]);
  });

  it('has one step for every object that a patch may name', () => {
    const patched = all.flatMap(([, step]) => step.patched ?? []);
    expect([...patched].sort()).toEqual(patchTargets.map(({ kind, name }) => `${kind}/${name}`).sort());
    const readers = all.filter(([, step]) => step.reads.includes('patches'));
    expect(readers.filter(([, step]) => !step.patched)).toEqual([]);
  });

  it('sliceSpec is what makes reads true', () => {
    expect(Object.keys(sliceSpec({ etcd: {}, dns: {} } as never, ['etcd']))).toEqual(['etcd']);
  });
});
