import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Canary, leaks } from './canary.ts';
import type { Standing } from '../../src/status/standing.ts';
import { asBefore, namesOf, picture } from './objects.ts';
import { standingBy, stepOf } from './runs.ts';
import { layout, Operator, type Ran, root } from './world.ts';

const name = 'turnup';
const members = ['member-1', 'member-2'];

interface Deployment {
  metadata: { name: string };
  status: { conditions: { type: string; status: string }[]; availableReplicas?: number };
}

describe('the guide, end to end', () => {
  let operator: Operator;
  let file: string;
  let before: string[];
  let podsBefore: string;
  let up: Ran;
  let canary: Canary;
  const kept = (ran: Ran): Ran => canary.kept(ran);

  beforeAll(async () => {
    operator = await Operator.create(name);
    canary = new Canary(operator, name);
    file = await operator.spec(name);
    before = await namesOf(operator, members);
    podsBefore = await operator.kubectl('member-1', '-n', 'kube-system', 'get', 'pods', '-o', 'name');
    await operator.startWorker();
    await canary.listen();
    up = kept(await operator.fedctl('up', '-f', file));
  }, 300_000);
  afterAll(() => operator?.close());

  it('checks first, and writes nothing by that', async () => {
    const pictureBefore = await picture(operator, members);
    const check = kept(await operator.fedctl('check', '-f', file, '-o', 'json'));
    expect(check.code).toBe(0);
    const results = (JSON.parse(check.stdout) as { checks: { id: string; result: string }[] }).checks;
    expect(results.map(({ id }) => id).sort()).toEqual(
      ['build', 'dns', 'host', 'images', 'members', 'permissions', 'storage'].map((step) => `preflight/${step}`),
    );
    expect(results.filter(({ result }) => result !== 'ok')).toEqual([]);
    expect(await picture(operator, members)).toEqual(pictureBefore);
  }, 60_000);

  it('turns up', () => {
    expect({ code: up.code, tail: up.code === 0 ? '' : up.stderr.slice(-3_000) }).toEqual({ code: 0, tail: '' });
    expect(up.stderr).toContain(`${name} is up`);
  });

  it('has both Deployments available, as the guide asks for', async () => {
    const { items } = await operator.json<{ items: Deployment[] }>('host', '-n', name, 'get', 'deployments');
    expect(items.map(({ metadata }) => metadata.name)).toEqual([
      'federation-apiserver',
      'federation-controller-manager',
    ]);
    for (const { status } of items) {
      expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Available', status: 'True' }));
    }
  });

  it('lists the members Ready through the context federation-cluster', async () => {
    const table = await operator.kubectl('federation-cluster', 'get', 'clusters', '--no-headers');
    expect(table.split('\n').map((line) => line.split(/\s+/).slice(0, 2))).toEqual(
      members.map((member) => [member, 'Ready']),
    );
  });

  it('told both shapes of kube-dns, and replaced their pods', async () => {
    const setting = `${name}=${name}.example`;
    const rc = await operator.kubectl(
      'member-1',
      '-n',
      'kube-system',
      'get',
      'rc',
      'kube-dns-v18',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].args}',
    );
    expect(JSON.parse(rc)).toContain(`--federations=${setting}`);
    const map = await operator.kubectl(
      'member-2',
      '-n',
      'kube-system',
      'get',
      'configmap',
      'kube-dns',
      '-o',
      'jsonpath={.data.federations}',
    );
    expect(map).toBe(setting);
    const pods = await operator.kubectl('member-1', '-n', 'kube-system', 'get', 'pods', '-o', 'name');
    expect(pods.split('\n')).toHaveLength(podsBefore.split('\n').length);
    expect(pods).not.toBe(podsBefore);
    // Its one pod had a second one for a moment; simulated pods cannot be asked what they know.
    expect(await stepOf(operator, name, 'clusters/member-1/recycle')).toMatchObject({
      detail: expect.stringMatching(/^1 pod replaced; unproved: /) as unknown,
    });
    const controller = ['rc', 'kube-dns-v18', '-o', 'jsonpath={.spec.replicas} {.metadata.annotations}'];
    const left = await operator.kubectl('member-1', '-n', 'kube-system', 'get', ...controller);
    expect(left).toMatch(/^1 /);
    expect(left).not.toContain('surge.fedctl');
  });

  it('answers for the zone', async () => {
    const { stdout } = await operator.run(['dig', '+short', `@${layout.dnsAddress}`, `${name}.example.`, 'SOA']);
    expect(stdout).toMatch(/^ns1\.\S+ hostmaster\.\S+ \d{10} /);
  });

  it('pins the pods to the digest that was pushed, and writes the four values', async () => {
    const image = await operator.kubectl(
      'host',
      '-n',
      name,
      'get',
      'deployment',
      'federation-apiserver',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    );
    const [, registry, version, digest] = /^(.*)\/hyperkube-amd64:(.*)@(sha256:[0-9a-f]{64})$/.exec(image) ?? [];
    const manifest = await fetch(`http://${registry}/v2/hyperkube-amd64/manifests/${version}`, {
      method: 'HEAD',
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    expect(manifest.headers.get('docker-content-digest')).toBe(digest);
    const values = await readFile(join(operator.env['FEDERATION_OUTPUT_ROOT'] ?? '', 'values.yaml'), 'utf8');
    expect(values).toContain(`apiserverRegistry: ${registry}`);
    expect(values).toContain(`controllerManagerVersion: ${version}`);
  });

  /** All of the control plane, by the clusters themselves. */
  function expectWhole(standing: Standing): void {
    expect(standing).toMatchObject({ federation: name, phase: 'up', host: { context: 'host', namespace: name } });
    expect(standing.host.version).toMatch(/^v1\./);
    expect(standing.address).toMatch(/^https:/);
    expect(standing.components.map(({ ready, why }) => [ready, why])).toEqual(Array(2).fill([true, null]));
    const digests = standing.components.flatMap(({ images }) => images.map(({ digest }) => digest));
    expect(digests).toHaveLength(3);
    for (const digest of digests) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const member = { ready: true, why: null, clusterDns: 'told', clusterDnsWhy: null };
    expect(standing.members).toEqual(members.map((of) => expect.objectContaining({ name: of, ...member })));
    expect(standing.zone).toMatchObject({ name: `${name}.example.`, stands: true, made: true });
    for (const { expires } of standing.certificates) expect(Date.parse(expires ?? '')).toBeGreaterThan(Date.now());
    expect(standing.certificates).toHaveLength(4);
  }

  it('follows the contract of status -o json', async () => {
    const ask = async () => kept(await operator.fedctl('status', name, '-o', 'json'));
    const { seen, standing } = await standingBy(ask);
    expect(seen).toMatchObject({
      federation: name,
      workflowId: `federation/${name}`,
      operation: 'up',
      source: 'workflow',
      status: 'completed',
      blockedSince: null,
      debts: [],
    });
    expect(seen.clusters.map(({ name: member, status: state }) => [member, state])).toEqual(
      members.map((member) => [member, 'ready']),
    );
    expect(seen.outputs).toMatchObject({ context: 'federation-cluster', zone: `${name}.example.` });
    expect(seen.lastRun).toMatchObject({ operation: 'up', status: 'completed' });
    expectWhole(standing);
  }, 200_000);

  it('changes nothing when it is run again, and says so', async () => {
    const pictureBefore = await picture(operator, members);
    const again = kept(await operator.fedctl('up', '-f', file));
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(/nothing (had to be )?changed/);
    expect(await picture(operator, members)).toEqual(pictureBefore);
  }, 120_000);

  it('finds its way without the run: a lost Temporal database changes nothing of what is known', async () => {
    const lost = { TEMPORAL_PROFILE: '', TEMPORAL_CONFIG_FILE: '', TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const argv = [join(root, 'fedctl'), 'status', name, '-o', 'json', '--context', 'host', '-n', name];
    const { seen, standing, ran } = await standingBy(async () => kept(await operator.run(argv, { env: lost })));
    expect(seen).toMatchObject({ federation: name, source: 'record', lastRun: { operation: null } });
    expectWhole(standing);
    expect(ran.stderr).toContain('no Temporal server answers at 127.0.0.1:1');
  }, 200_000);

  it('answers every question that does not change anything', async () => {
    await canary.collect(['host', ...members]);
    expect(canary.secrets.size).toBeGreaterThan(10);
    expect(await canary.readEverything(file)).toEqual([]);
  }, 240_000);

  it('turns down and leaves nothing that was not there before', async () => {
    const down = kept(await operator.fedctl('down', name, '--yes', '--volumes', 'delete'));
    expect({ code: down.code, tail: down.code === 0 ? '' : down.stderr.slice(-3_000) }).toEqual({ code: 0, tail: '' });
    await asBefore(operator, members, before);
    const { stdout } = await operator.run(['dig', '+short', `@${layout.dnsAddress}`, `${name}.example.`, 'SOA']);
    expect(stdout.trim()).toBe('');
    const args = await operator.kubectl(
      'member-1',
      '-n',
      'kube-system',
      'get',
      'rc',
      'kube-dns-v18',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].args}',
    );
    expect(args).not.toContain('federations');
    const contexts = await operator.run(['kubectl', 'config', 'get-contexts', '-o', 'name']);
    expect(contexts.stdout.trim().split('\n').sort()).toEqual(['host', ...members]);
  }, 180_000);

  it('has shown no secret anywhere: not in histories of up and down, heartbeats, logs or output', async () => {
    const { counts, leaks: leaked } = await canary.search();
    // Up, up again and down, each with two members; build, worker and Temporal.
    expect(counts['history']).toBeGreaterThanOrEqual(8);
    expect(counts['pending']).toBeGreaterThan(0);
    expect(counts['log']).toBeGreaterThanOrEqual(3);
    expect(counts['output']).toBeGreaterThan(20);
    expect(leaked).toEqual([]);
    // It would be seen.
    const [secret = ''] = canary.secrets;
    expect(leaks([...canary.secrets], [['a test', `so ${secret} is`]])).toHaveLength(1);
  }, 60_000);
});
