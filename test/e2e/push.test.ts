import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FaultProxy, startFaultProxy } from '../helpers/faults/proxy.ts';
import { eventually, layout, Operator } from './world.ts';

const name = 'push';
const repository = 'push-test/hyperkube-amd64';
const before = `# values of the team
controllerManagerFederationName: push # theirs
apiserverRegistry: gcr.io/google_containers # was official
apiserverVersion: "v1.4.0" # was official
# below: the other half
controllerManagerRegistry: gcr.io/google_containers
controllerManagerVersion: v1.4.0

apiserverServiceCIDR:   10.0.0.0/16
`;

/** Commands whose environment names this folder: what the operator's workers left running. */
async function commandsOf(folder: string, program: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      const path = await readlink(`/proc/${pid}/exe`).catch(() => '');
      return environment.includes(folder) && path.endsWith(program) ? [`${pid} ${path}`] : [];
    }),
  );
  return found.flat();
}

async function tags(): Promise<string[]> {
  const answer = await fetch(`http://${layout.registry}/v2/${repository}/tags/list`);
  return answer.status === 404 ? [] : (((await answer.json()) as { tags: string[] | null }).tags ?? []);
}

describe('a worker that is killed in the middle of a push', () => {
  let operator: Operator;
  let proxy: FaultProxy;
  beforeAll(async () => {
    operator = await Operator.create(name);
    proxy = await startFaultProxy(`http://${layout.registry}`);
  }, 60_000);
  afterAll(async () => {
    await operator?.close();
    await proxy?.stop();
  });

  /** A source whose layer is too large for the buffers on its way; answers the spec that pushes it. */
  async function specOfBuild(): Promise<string> {
    const source = operator.path('source');
    await mkdir(source);
    await writeFile(join(source, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
    await writeFile(join(source, 'blob'), randomBytes(20_000_000));
    const registry = new URL(proxy.url).host;
    return operator.spec(name, {
      spec: {
        clusters: [],
        dns: null,
        images: {
          apiserver: { name: repository },
          controllerManager: { name: repository },
          build: { source, binaries: ['true'], engine: 'buildah', push: { registry } },
          insecureRegistries: [layout.registry, registry],
        },
      },
    });
  }

  it('is followed by one that finishes: one new tag, four values, nothing left behind', async () => {
    const file = await specOfBuild();
    const valuesFile = join(operator.env['FEDERATION_OUTPUT_ROOT']!, 'values.yaml');
    await writeFile(valuesFile, before);
    const tagsBefore = await tags();
    await mkdir(operator.path('tmp'));
    const env = { TMPDIR: operator.path('tmp') };
    const blob = proxy.hold('PATCH /blobs/uploads/');

    const first = await operator.startWorker(env);
    expect((await operator.fedctl('images', 'push', '-f', file, '--detach')).code).toBe(0);
    await blob.came;
    await operator.kill(first);
    // What watches over the push ends it when its worker is gone.
    await eventually(async () => (await commandsOf(operator.folder, 'buildah')).length === 0, 'the push ends', 10_000);
    expect(await tags()).toEqual(tagsBefore);

    await operator.startWorker(env);
    const again = await operator.fedctl('images', 'push', '-f', file);
    expect({ code: again.code, tail: again.code === 0 ? '' : again.stderr.slice(-2_000) }).toEqual({
      code: 0,
      tail: '',
    });
    expect(again.stderr).toContain('attached to it');
    blob.release();

    const added = (await tags()).filter((tag) => !tagsBefore.includes(tag));
    expect(added).toHaveLength(1);
    expect(again.stdout).toContain(`/${repository}:${added[0]}@sha256:`);
    const registry = `${new URL(proxy.url).host}/push-test`;
    expect(await readFile(valuesFile, 'utf8')).toBe(
      before
        .replaceAll('gcr.io/google_containers', registry)
        .replace('"v1.4.0"', added[0]!)
        .replace('v1.4.0', added[0]!),
    );
    expect(await commandsOf(operator.folder, 'buildah')).toEqual([]);
    expect(await readdir(operator.path('tmp'))).toEqual([]);
    expect(await readdir(operator.path('state/builds/scratch'))).toEqual([]);
  }, 240_000);
});
