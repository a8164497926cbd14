import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { askedFor } from '../../../src/cli/runs/ask-up.ts';
import { toFollow } from '../../../src/cli/reads/make-plan.ts';
import { readPlanFile } from '../../../src/cli/files/plan-file.ts';
import { planDocument, type PlanDocument } from '../../../src/cli/views/plan-model.ts';
import type { Preview } from '../../../src/plan/preview.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';
import { aPlanned } from '../../helpers/common/planned.ts';
import { aSpec } from '../../helpers/common/spec.ts';

const folder = mkdtempSync(join(tmpdir(), 'fedctl-plan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const preview: Preview = {
  federation: 'myfederation',
  specDigest: 'sha256:1',
  objects: [{ ...aPlanned, steps: ['host/namespace'], fields: [{ path: 'a', from: '1', to: '2' }], note: 'a note' }],
  obstacles: [],
};
const about = {
  host: { context: 'host', namespace: 'federation' },
  spec: aSpec({}),
  flags: { prune: true, adopt: false, takeOwnership: false },
};
const document = planDocument(preview, about);
const io = fakeIo({ cwd: folder });

function written(value: unknown): string {
  writeFileSync(join(folder, 'plan.json'), typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  return 'plan.json';
}

describe('a plan from its file', () => {
  it('is what was planned, with its flags and its spec: no other file is needed', async () => {
    const file = written(document);
    expect(await readPlanFile(io, file)).toEqual(document);
    const asked = await askedFor(io, { plan: file, output: 'json' });
    expect(asked).toMatchObject({
      file: { federation: 'myfederation', digest: 'sha256:1', host: about.host },
      flags: about.flags,
      follow: { digest: document.digest },
    });
    // What people read of it does not go into history.
    expect(JSON.stringify(toFollow(document))).not.toMatch(/a note|fields/);
  });

  const withObject = (change: object): PlanDocument => ({
    ...document,
    objects: document.objects.map((object) => ({ ...object, ...change })),
  });
  it.each([
    ['an edited object', withObject({ name: 'another' }), 'it was edited, or cut off'],
    ['another spec', { ...document, spec: { ...document.spec, policy: null } }, 'it was edited, or cut off'],
    ['no plan', { kind: 'Federation', apiVersion: 'fedctl/v1alpha1' }, 'is not a plan of this fedctl'],
    ['a list', [], 'is not a plan of this fedctl'],
    ['half a file', JSON.stringify(document).slice(0, 200), 'is not JSON'],
    ['parts missing', { apiVersion: 'fedctl/v1alpha1', kind: 'Plan' }, 'is a plan with parts missing'],
  ])('refuses %s with exit 64 and the way to a good one', async (_name, value, message) => {
    await expect(readPlanFile(io, written(value))).rejects.toMatchObject({
      exitCode: 64,
      message: expect.stringContaining(message),
      fix: [expect.stringContaining('fedctl plan -f FILE -o json')],
    });
  });

  it('is refused when it could not tell everything, naming the steps in its way', async () => {
    const obstacles = [{ step: 'apiserver/service', code: 'FOREIGN', message: 'it is there already' }];
    const file = written(planDocument({ ...preview, obstacles }, about));
    await expect(readPlanFile(io, file)).rejects.toMatchObject({
      exitCode: 7,
      message: expect.stringContaining('apiserver/service: it is there already'),
    });
  });

  it('that is not there is told by its name', async () => {
    await expect(readPlanFile(io, 'absent.json')).rejects.toMatchObject({
      exitCode: 64,
      message: 'absent.json cannot be read: ENOENT',
    });
  });

  it('and neither plan nor file is no question to ask', async () => {
    await expect(askedFor(io, { output: 'table' })).rejects.toMatchObject({ exitCode: 64 });
  });
});
