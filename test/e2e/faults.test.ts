import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { tellCloud } from './cloud.ts';
import { blockedIn, endedWith, statusOf, stepOf, succeeded, uidOf } from './runs.ts';
import { type Change, layout, Operator } from './world.ts';

const name = 'faults';
/** Blocked steps stay blocked until somebody says retry: nothing here is fixed by the run's own next attempt. */
const patient = { FEDCTL_PARKED_RETRY_MS: '3600000' };
const alone = { clusters: [], dns: null };

let operator: Operator;
const spec = (change: Change): Promise<string> => operator.spec(name, { spec: { ...alone, ...change } });

/** `up` ends blocked at just this step. Returns what the step says. */
async function blocksAt(id: string, file: string): Promise<{ code: string; message: string; fix: string[] }> {
  const up = await operator.fedctl('up', '-f', file);
  endedWith(up, 6);
  const seen = await statusOf(operator, name);
  expect(blockedIn(seen)).toEqual([id]);
  const error = (await stepOf(operator, name, id))?.error;
  if (!error) throw new Error(`${id} is blocked without an error`);
  // Whoever followed the run was told the same, with the way out.
  expect(up.stderr).toContain(error.fix[0]);
  return error;
}

/** The changed file is given to the parked run, which then goes on to its end. */
async function fixedWith(file: string): Promise<void> {
  const { client, close } = await operator.temporal();
  try {
    const { runId } = await client.workflow.getHandle(`federation/${name}`).describe();
    succeeded(await operator.fedctl('retry', '-f', file));
    // It follows the run, or, where that has ended already, a new one that finds all of it standing.
    succeeded(await operator.fedctl('up', '-f', file));
    const { status } = await client.workflow.getHandle(`federation/${name}`, runId).describe();
    expect(status.name).toBe('COMPLETED');
  } finally {
    await close();
  }
}

beforeAll(async () => {
  operator = await Operator.create(name);
  await operator.startWorker(patient);
}, 60_000);
afterEach(async () => {
  await tellCloud(operator, undefined);
  const down = ['down', name, '--context', 'host', '-n', name, '--yes', '--volumes', 'delete', '--cancel-first'];
  succeeded(await operator.fedctl(...down));
}, 180_000);
afterAll(() => operator?.close());

describe('what the host cluster does not give', () => {
  it('an address for the load balancer: blocked with its reason, done after retry', async () => {
    await tellCloud(operator, { loadBalancers: 'withhold' });
    const file = await spec({ policy: { waits: { loadBalancer: '3s' } } });
    const { code, message } = await blocksAt('apiserver/address', file);
    expect(code).toBe('NO_ADDRESS');
    expect(message).toContain('Service federation-apiserver has no load balancer address yet');
    const service = ['service', 'federation-apiserver', '-n', name];
    const uid = await uidOf(operator, 'host', ...service);
    await tellCloud(operator, undefined);
    succeeded(await operator.fedctl('retry', name));
    succeeded(await operator.fedctl('up', '-f', file));
    expect(await uidOf(operator, 'host', ...service)).toBe(uid);
  }, 240_000);

  it('a volume for the claim: another storage class, given by retry -f, fixes it', async () => {
    const never = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'never' },
      provisioner: 'sandbox.fedctl/nobody',
    };
    const made = operator.path('class.json');
    await writeFile(made, JSON.stringify(never));
    await operator.kubectl('host', 'apply', '-f', made);
    try {
      const policy = { waits: { claim: '3s' } };
      const { code, message, fix } = await blocksAt(
        'etcd/claim',
        await spec({ policy, etcd: { storageClassName: 'never' } }),
      );
      expect(code).toBe('CLAIM_NOT_BOUND');
      expect(message).toContain('claim federation-apiserver-etcd-claim is Pending');
      expect(fix.join()).toContain('etcd.storageClassName');
      await fixedWith(await spec({ policy, etcd: { storageClassName: 'standard' } }));
    } finally {
      await operator.kubectl('host', 'delete', '-f', made);
    }
  }, 240_000);

  it('a node that is large enough: the scheduler is quoted', async () => {
    const resources = { requests: { cpu: '1000' }, limits: { cpu: '1000' } };
    const policy = { waits: { rollout: '8s' } };
    const file = await spec({ policy, patches: [managerWith({ resources })] });
    const { code, message } = await blocksAt('controller-manager/ready', file);
    expect(code).toBe('POD_UNSCHEDULABLE');
    expect(message).toMatch(/pod federation-controller-manager-\S+ cannot be scheduled: .*Insufficient cpu/);
    await fixedWith(await spec({ policy: { waits: { rollout: '2m' } } }));
  }, 240_000);
});

describe('an image that is not there', () => {
  it('is found before anything is made, and the right name fixes it by retry -f', async () => {
    succeeded(await operator.fedctl('images', 'push', '-f', await spec({})));
    const values = join(operator.env['FEDERATION_OUTPUT_ROOT'] ?? '', 'values.yaml');
    const { apiserverRegistry, apiserverVersion } = parse(await readFile(values, 'utf8')) as Record<string, string>;
    await rm(values);
    const images = (version: string | undefined): Change => {
      const image = { registry: apiserverRegistry, name: 'hyperkube-amd64', version };
      return { images: { build: null, apiserver: image, controllerManager: image } };
    };
    const { code, message } = await blocksAt('preflight/images', await spec(images('no-such')));
    expect(code).toBe('IMAGE_NOT_FOUND');
    expect(message).toContain(`${apiserverRegistry}/hyperkube-amd64:no-such`);
    expect(await operator.kubectl('host', 'get', 'namespace', name, '--ignore-not-found')).toBe('');
    await fixedWith(await spec(images(apiserverVersion)));
  }, 240_000);

  it('is told by the kubelet when only the nodes cannot pull it', async () => {
    const image = `${layout.registry}/nobody/made-this:1`;
    const file = await spec({ patches: [managerWith({ image })] });
    const { code, message } = await blocksAt('controller-manager/ready', file);
    expect(code).toBe('IMAGE_CANNOT_BE_PULLED');
    expect(message).toContain(image);
    expect(message).toMatch(
      /container controller-manager of pod federation-controller-manager-\S+: (ErrImagePull|ImagePullBackOff)/,
    );
    await fixedWith(await spec({}));
  }, 240_000);
});

describe('a member that gives a bad address', () => {
  it('is told by the control plane, and fixed by retry -f', async () => {
    const member = (port: number): Change => ({
      clusters: [
        {
          name: 'member-1',
          context: 'member-1',
          serverAddresses: [{ clientCIDR: '0.0.0.0/0', serverAddress: `https://${layout.address}:${port}` }],
        },
      ],
      policy: { waits: { clusterReady: '12s' } },
    });
    const { code, message } = await blocksAt('clusters/member-1/ready', await spec(member(9)));
    expect(code).toBe('CLUSTER_NOT_READY');
    expect(message).toContain('member-1');
    await fixedWith(await spec(member(layout.memberPort(1))));
    const table = await operator.kubectl('federation-cluster', 'get', 'clusters', '--no-headers');
    expect(table).toMatch(/^member-1 +Ready/);
  }, 240_000);
});

/** A patch of the controller manager's container. */
function managerWith(container: object): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'federation-controller-manager' },
    spec: { template: { spec: { containers: [{ name: 'controller-manager', ...container }] } } },
  };
}
