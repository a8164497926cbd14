import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { tellCloud } from './cloud.ts';
import { succeeded } from './runs.ts';
import { layout, Operator, root } from './world.ts';

/** Other shapes of a federation that the same steps must turn up for real. */
describe('variants', () => {
  const name = 'variants';
  let operator: Operator;

  beforeAll(async () => {
    operator = await Operator.create(name);
  }, 60_000);
  afterEach(async () => {
    await tellCloud(operator, undefined);
    const down = await operator.fedctl(
      'down',
      '-f',
      operator.path('federation.yaml'),
      '--yes',
      '--volumes',
      'delete',
      '--cancel-first',
    );
    await operator.endWorkers();
    succeeded(down);
  }, 180_000);
  afterAll(() => operator?.close());

  it('NodePort, no members and no DNS', async () => {
    await operator.startWorker();
    const apiserver = { serviceType: 'NodePort', nodePort: 32_111 };
    const file = await operator.spec(name, { spec: { clusters: [], dns: null, apiserver } });
    succeeded(await operator.fedctl('up', '-f', file));
    const { stdout } = await operator.fedctl('status', name, '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      outputs: { apiserverAddress: expect.stringContaining(layout.address) as unknown, zone: null },
    });
    const server = await operator.run([
      'kubectl',
      'config',
      'view',
      '-o',
      'jsonpath={.clusters[?(@.name=="federation-cluster")].cluster.server}',
    ]);
    expect(server.stdout).toBe(`https://${layout.address}:32111`);
    expect(await operator.kubectl('federation-cluster', 'get', 'clusters')).toBe('');
  }, 240_000);

  it('a load balancer that gives a name instead of an address', async () => {
    // A machine of its own for names: the sandbox's DNS server knows the name of the load balancer, and nobody else does.
    const resolv = operator.path('resolv.conf');
    await writeFile(resolv, `nameserver ${layout.dnsAddress}\n`);
    const inside = operator.path('worker.sh');
    await writeFile(inside, `#!/bin/sh\nmount --bind ${resolv} /etc/resolv.conf\nexec "$@"\n`);
    await chmod(inside, 0o755);
    const within = ['unshare', '--mount', '--propagation=private', inside];
    await tellCloud(operator, { loadBalancers: 'hostname' });
    await operator.startWorker({}, [...within, join(root, 'fedctl'), 'worker']);
    const spec = {
      clusters: [{ name: 'member-1', context: 'member-1' }],
      dns: { resolvers: [`${layout.dnsAddress}:53`] },
    };
    const file = await operator.spec(name, { spec });
    succeeded(await operator.fedctl('up', '-f', file));
    const status = JSON.parse((await operator.fedctl('status', name, '-o', 'json')).stdout) as {
      outputs: { apiserverAddress: string };
    };
    expect(status.outputs.apiserverAddress).toBe(`lb-federation-apiserver-${name}.sandbox.test`);
    const clusters = await operator.run([
      ...within,
      'kubectl',
      '--context=federation-cluster',
      'get',
      'clusters',
      '--no-headers',
    ]);
    expect(clusters.stdout).toMatch(/^member-1\s+Ready/);
  }, 240_000);

  it('the last real image: called /fcp, with flags of its own', async () => {
    await operator.startWorker();
    const spec = {
      clusters: [{ name: 'member-2', context: 'member-2' }],
      dns: null,
      images: { apiserver: { name: 'fcp-amd64' }, controllerManager: { name: 'fcp-amd64' } },
      apiserver: { command: ['/fcp', 'federation-apiserver'], flags: 'enable-admission-plugins' },
      controllerManager: { command: ['/fcp', 'federation-controller-manager'] },
    };
    succeeded(await operator.fedctl('up', '-f', await operator.spec(name, { spec })));
    const get = (deployment: string): Promise<string> =>
      operator.kubectl(
        'host',
        '-n',
        name,
        'get',
        'deployment',
        deployment,
        '-o',
        'jsonpath={.spec.template.spec.containers[0].args}',
      );
    expect(JSON.parse(await get('federation-apiserver'))).toContain('--enable-admission-plugins=NamespaceLifecycle');
    expect(JSON.parse(await get('federation-apiserver'))).not.toContainEqual(
      expect.stringContaining('--admission-control'),
    );
    expect(JSON.parse(await get('federation-controller-manager'))).toContain('--controllers=service-dns=false');
    expect(await operator.kubectl('federation-cluster', 'get', 'clusters', '--no-headers')).toMatch(
      /^member-2\s+Ready/,
    );
  }, 240_000);

  it('parks at a foreign object, leaves it alone, and down leaves it too', async () => {
    await operator.kubectl('host', 'create', 'namespace', name);
    await operator.kubectl(
      'host',
      '-n',
      name,
      'create',
      'service',
      'clusterip',
      'federation-apiserver',
      '--tcp=443:8443',
    );
    const uid = (): Promise<string> =>
      operator.kubectl('host', '-n', name, 'get', 'service', 'federation-apiserver', '-o', 'jsonpath={.metadata.uid}');
    const theirs = await uid();
    await operator.startWorker();
    const file = await operator.spec(name, { spec: { clusters: [], dns: null } });
    const up = await operator.fedctl('up', '-f', file);
    expect(up.code).toBe(6);
    expect(up.stderr).toContain('already exists and does not belong to this federation');
    const args = ['--yes', '--volumes', 'delete', '--cancel-first'];
    succeeded(await operator.fedctl('down', '-f', file, ...args));
    expect(await uid()).toBe(theirs);
    await operator.kubectl('host', 'delete', 'namespace', name);
  }, 240_000);

  it('waits with its reason: a claim that no volume comes for', async () => {
    await operator.startWorker();
    await tellCloud(operator, { volumes: 'withhold' });
    const policy = { waits: { claim: '5s', rollout: '8s' } };
    const file = await operator.spec(name, { spec: { clusters: [], dns: null, policy } });
    const up = await operator.fedctl('up', '-f', file);
    expect(up.code).toBe(6);
    expect(up.stderr).toContain('etcd.storageClassName');
    expect(up.stderr).toMatch(/etcd\/claim.*federation-apiserver-etcd-claim/);
    const text = await readFile(operator.path('worker.log'), 'utf8');
    expect(text).not.toContain('"level":"error"');
  }, 240_000);
});
