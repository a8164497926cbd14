import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { tellCloud } from './cloud.ts';
import { scheduledTimes } from './history.ts';
import { eventually, Operator } from './world.ts';

interface Status {
  status: string;
  phases: { steps: { id: string; status: string; detail: string | null; attempt: number }[] }[];
}

async function stepOf(
  operator: Operator,
  name: string,
  id: string,
): Promise<Status['phases'][0]['steps'][0] | undefined> {
  const { stdout } = await operator.fedctl('status', name, '-o', 'json');
  return (JSON.parse(stdout) as Status).phases.flatMap(({ steps }) => steps).find((step) => step.id === id);
}

/** A worker killed with SIGKILL, and started again, finishes the same run; nothing finished is done twice. */
describe('a worker that dies', () => {
  const name = 'survival';
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

  async function finishes(killAt: string, detail: RegExp, spec: object, release: () => Promise<void>): Promise<void> {
    const file = await operator.spec(name, spec as never);
    const first = await operator.startWorker();
    const detached = await operator.fedctl('up', '-f', file, '--detach');
    expect(detached.code).toBe(0);
    await eventually(async () => detail.test((await stepOf(operator, name, killAt))?.detail ?? ''), `${killAt} waits`);
    await operator.kill(first);
    const { client, close } = await operator.temporal();
    try {
      const { runId } = await client.workflow.getHandle(`federation/${name}`).describe();
      const before = await scheduledTimes(client, `federation/${name}`, runId);
      await operator.startWorker();
      await release();
      const attached = await operator.fedctl('up', '-f', file);
      expect({ code: attached.code, tail: attached.code === 0 ? '' : attached.stderr.slice(-2_000) }).toEqual({
        code: 0,
        tail: '',
      });
      expect(attached.stderr).toContain('attached to it');
      const after = await scheduledTimes(client, `federation/${name}`, runId);
      expect([...before.keys()].length).toBeGreaterThan(5);
      expect([...after].filter(([, times]) => times !== 1)).toEqual([]);
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
    const build = {
      binaries: ['sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do echo part $i of 8; sleep 1; done; make binaries'],
    };
    await finishes(
      'images/binaries',
      /part \d/,
      { spec: { clusters: [], dns: null, images: { build } } },
      async () => {},
    );
  }, 240_000);
});
