import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { madeTwice } from '../crash/audit.ts';
import { tellCloud } from './cloud.ts';
import { attemptsOf, scheduledTimes } from './history.ts';
import { stepOf, succeeded, uidOf } from './runs.ts';
import { eventually, layout, Operator } from './world.ts';

/** A worker killed with SIGKILL, and started again, finishes the same run; nothing finished is done twice. */
describe('a worker that dies', () => {
  /** A federation of its own a test: the audit log counts what was made of each. */
  let name = 'survival';
  let operator: Operator;

  beforeAll(async () => {
    operator = await Operator.create(name);
  }, 60_000);
  afterEach(async () => {
    await tellCloud(operator, undefined);
    await operator.fedctl('down', name, '--yes', '--volumes', 'delete', '--cancel-first');
    await operator.endWorkers();
  }, 180_000);
  afterAll(() => operator?.close());

  /** What stands of the first objects of a turn-up: the Service's UID, and the fingerprint of the authority. */
  async function standing(): Promise<{ service: string; authority: string } | undefined> {
    const inHost = ['-n', name, '--ignore-not-found'];
    const service = await uidOf(operator, 'host', 'service', 'federation-apiserver', ...inHost);
    const path = 'jsonpath={.data.ca\\.crt}';
    const ca = await operator.kubectl('host', 'get', 'secret', 'federation-ca', ...inHost, '-o', path);
    if (service === '' || ca === '') return undefined;
    return { service, authority: new X509Certificate(Buffer.from(ca, 'base64')).fingerprint256 };
  }

  async function finishes(killAt: string, detail: RegExp, spec: object, release: () => Promise<void>): Promise<void> {
    const file = await operator.spec(name, spec as never);
    const first = await operator.startWorker();
    succeeded(await operator.fedctl('up', '-f', file, '--detach'));
    await eventually(async () => detail.test((await stepOf(operator, name, killAt))?.detail ?? ''), `${killAt} waits`);
    const made = await eventually(standing, 'Service and certificate authority stand');
    await operator.kill(first);
    const { client, close } = await operator.temporal();
    try {
      const { runId } = await client.workflow.getHandle(`federation/${name}`).describe();
      const before = await scheduledTimes(client, `federation/${name}`, runId);
      await operator.startWorker();
      await release();
      const attached = await operator.fedctl('up', '-f', file);
      succeeded(attached);
      expect(attached.stderr).toContain('attached to it');
      const after = await scheduledTimes(client, `federation/${name}`, runId);
      expect([...before.keys()].length).toBeGreaterThan(5);
      expect([...after].filter(([, times]) => times !== 1)).toEqual([]);
      // Temporal schedules a step that is tried again only once: what it counts are the attempts.
      const attempts = await attemptsOf(client, `federation/${name}`, runId);
      expect(attempts.get(killAt)).toBeGreaterThan(1);
      expect(await standing()).toEqual(made);
      expect(await madeTwice(layout, ['member-1', 'member-2'], name)).toEqual([]);
    } finally {
      await close();
    }
  }

  it('finishes when it was killed while waiting for the load balancer', async () => {
    await tellCloud(operator, { loadBalancers: 'withhold' });
    await finishes('apiserver/address', /address/, { spec: { clusters: [], dns: null } }, () =>
      tellCloud(operator, undefined),
    );
  }, 240_000);

  it('finishes when it was killed in the middle of the build', async () => {
    name = 'survival-build';
    const goOn = operator.path('go-on');
    const steps = `i=0; until test -e ${goOn}; do i=$((i + 1)); echo part $i; sleep 1; done; make binaries`;
    const build = { binaries: ['sh', '-c', steps] };
    await finishes('images/binaries', /part \d/, { spec: { clusters: [], dns: null, images: { build } } }, () =>
      writeFile(goOn, ''),
    );
  }, 240_000);
});
