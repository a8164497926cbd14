import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, parseDocument } from 'yaml';
import { asBefore, namesOf } from './objects.ts';
import { succeeded } from './runs.ts';
import { eventually, layout, Operator, type Ran, root } from './world.ts';

/** The namespace of the guide, and a name of its own beside other tests' federations. */
const namespace = 'federation';
const name = 'guide';
const members = ['member-1', 'member-2'];
/** Stands for gcr.io/google_containers, whose images are gone; the version is the guide's own example. */
const official = `${layout.address}:5000/google_containers`;
const version = 'v1.5.0-alpha.0.1010+892a6d7af59c0b';
const tag = version.replace('+', '_');
/** A release before it, so that there is a newest one. */
const olderTag = 'v1.4.0-beta.1';
const compat = join(root, 'compat');

let operator: Operator;
let before: string[];

const guide = (script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  operator.run([join(compat, script), ...args], { env });
/** A line as the guide prints it, in the reader's shell. */
const shell = async (line: string, env: NodeJS.ProcessEnv = {}): Promise<string> => {
  const ran = await operator.run(['sh', '-ec', line], { env });
  succeeded(ran);
  return ran.stdout.trim();
};

/** What the sandbox's own registry, etcd image and small disks need: the reader's edits of federation.yaml. */
async function edit(file: string, dns: Record<string, unknown> = {}): Promise<void> {
  const document = parseDocument(await readFile(file, 'utf8'));
  const etcd = { image: `${layout.address}:5000/etcd:3.6.8`, command: ['/etcd'] };
  document.setIn(['spec', 'images', 'etcd'], etcd);
  document.setIn(['spec', 'images', 'insecureRegistries'], [`${layout.address}:5000`]);
  document.setIn(['spec', 'etcd'], { storage: '1Gi' });
  document.setIn(['spec', 'controllerManager'], { extraArgs: { 'cluster-monitor-period': '2s' } });
  for (const [key, value] of Object.entries(dns)) document.setIn(['spec', 'dns', key], value);
  await writeFile(file, document.toString());
}

const deployments = async (): Promise<string[][]> =>
  (await shell(`kubectl get deployments --namespace=${namespace} --no-headers`))
    .split('\n')
    .map((line) => line.split(/\s+/).slice(0, 2));
const bothAvailable = [
  ['federation-apiserver', '1/1'],
  ['federation-controller-manager', '1/1'],
];
const contexts = async (): Promise<string[]> => (await shell('kubectl config get-contexts -o name')).split('\n').sort();
const dnsArgs = (): Promise<string> =>
  shell(
    "kubectl --context=member-1 -n kube-system get rc kube-dns-v18 -o jsonpath='{.spec.template.spec.containers[0].args}'",
  );
const dnsPods = async (): Promise<string[]> =>
  (await shell('kubectl get pods --namespace=kube-system --context=member-1 -o name')).split('\n').sort();

beforeAll(async () => {
  operator = await Operator.create(name);
  before = await namesOf(operator, members);
  await cp(join(root, 'sandbox/hyperkube'), operator.path('source'), { recursive: true });
  await operator.startWorker();
}, 120_000);
afterAll(() => operator?.close());

describe('Getting images', () => {
  it('builds the binaries from the root of the source folder', async () => {
    await shell(
      `cd source && rm -rf _output && FEDERATION_BINARIES=binaries ${compat}/federation/develop/develop.sh build_binaries`,
    );
    expect(await shell('test -x source/_output/hyperkube && echo there')).toBe('there');
  }, 120_000);

  it('has images in the registry, which stand for the official ones: one release after the other', async () => {
    const [older, image] = [olderTag, tag].map((of) => `${official}/hyperkube-amd64:${of}`);
    const push = 'buildah push -q --tls-verify=false';
    await shell(`cd source && buildah build --isolation chroot -q -t ${older} . && buildah tag ${older} ${image}`);
    await shell(`${push} ${image} && ${push} ${older} && buildah rmi ${image} ${older}`);
    const url = `http://${layout.address}:5000/v2/google_containers/hyperkube-amd64/tags/list`;
    const { tags } = (await (await fetch(url)).json()) as { tags: string[] };
    expect(tags.sort()).toEqual([olderTag, tag]);
  }, 60_000);

  it('Building and pushing images from HEAD, as it is written: build_image, then push, which overwrites the values', async () => {
    const registry = `${layout.address}:5000/myrepository`;
    const env = { FEDERATION_OUTPUT_ROOT: operator.path('head') };
    await shell(`ln -s ${compat}/federation source/federation && mkdir -p head`);
    const line = (action: string): string =>
      `cd source && KUBE_REGISTRY="${registry}" federation/develop/develop.sh ${action}`;
    const values = operator.path('head/values.yaml');
    await writeFile(values, '# mine\napiserverRegistry: "r.example/mine" # not for long\napiserverVersion: "v1"\n');
    await shell(line('build_image'), env);
    // A build asks no registry; before the push the reader says that the sandbox's own speaks no TLS.
    await edit(operator.path('head/develop/federation.yaml'));
    await shell(line('push'), env);
    const text = await readFile(values, 'utf8');
    expect(text).toMatch(/^# mine\n/);
    const pushed = parse(text) as Record<string, string>;
    expect(pushed).toMatchObject({ apiserverRegistry: registry, controllerManagerRegistry: registry });
    expect(pushed['apiserverVersion']).toBe(pushed['controllerManagerVersion']);
    const list = await fetch(`http://${layout.address}:5000/v2/myrepository/hyperkube-amd64/tags/list`);
    expect(await list.json()).toMatchObject({ tags: [pushed['apiserverVersion']?.replace('+', '_')] });
    await shell('rm source/federation');
  }, 120_000);
});

describe('Setting up a federation control plane', () => {
  const out = (file: string): string => join(operator.env['FEDERATION_OUTPUT_ROOT'] ?? '', file);

  it('Initial setup: init writes both files, and leaves them alone the second time', async () => {
    succeeded(await guide('federation/deploy/deploy.sh', ['init'], { FEDERATION_NAME: name }));
    const text = await readFile(out('federation.yaml'), 'utf8');
    expect(parse(text)).toMatchObject({ metadata: { name }, spec: { host: { context: 'host' }, clusters: [] } });
    await edit(out('federation.yaml'));
    const edited = await readFile(out('federation.yaml'), 'utf8');
    await writeFile(
      out('values.yaml'),
      [
        `apiserverRegistry: "${official}"`,
        `apiserverVersion: "${version}"`,
        `controllerManagerRegistry: "${official}"`,
        `controllerManagerVersion: "${version}"`,
        '',
      ].join('\n'),
    );
    succeeded(await guide('federation/deploy/deploy.sh', ['init']));
    expect(await readFile(out('federation.yaml'), 'utf8')).toBe(edited);
    expect(await readFile(out('values.yaml'), 'utf8')).toContain(version);
  });

  it('Running the federation control plane', async () => {
    succeeded(await guide('federation/deploy/deploy.sh', ['deploy_federation']));
    expect(await deployments()).toEqual(bothAvailable);
    const service = "kubectl get service federation-apiserver -n federation -o jsonpath='{.spec.type}'";
    expect(await shell(service)).toBe('LoadBalancer');
    const claim = await shell(`kubectl get pvc -n ${namespace} -o jsonpath='{.items[*].status.phase}'`);
    expect(claim).toBe('Bound');
    expect(await shell('kubectl config view')).toContain('name: federation-cluster');
    const image = "kubectl get deployment federation-apiserver -n federation -o jsonpath='{..image}'";
    expect(await shell(image)).toContain(`${official}/hyperkube-amd64:${tag}`);
  }, 120_000);

  /** An internal CIDR beside the one that all clients match. */
  const addressesByHand = async (): Promise<{ clientCIDR: string; serverAddress: string }[]> => {
    const view = "kubectl config view --minify --context=member-1 -o jsonpath='{.clusters[0].cluster.server}'";
    const serverAddress = await shell(view);
    return ['10.0.0.0/8', '0.0.0.0/0'].map((clientCIDR) => ({ clientCIDR, serverAddress }));
  };

  it('Registering Kubernetes clusters with federation, by hand', async () => {
    await mkdir(operator.path('cluster1'));
    await shell('kubectl config view --minify --flatten --context=member-1 > cluster1/kubeconfig');
    await writeFile(
      operator.path('cluster1/cluster.yaml'),
      `apiVersion: federation/v1beta1
kind: Cluster
metadata:
  name: cluster1
spec:
  serverAddressByClientCIDRs: ${JSON.stringify(await addressesByHand())}
  secretRef:
    name: cluster1
`,
    );
    await shell('kubectl create secret generic cluster1 --namespace=federation --from-file=cluster1/kubeconfig');
    await shell('kubectl create -f cluster1/cluster.yaml --context=federation-cluster');
    const table = await eventually(
      async () => {
        const lines = await shell('kubectl get clusters --context=federation-cluster');
        return /^cluster1 +Ready/m.test(lines) && lines;
      },
      'cluster1 is Ready',
      30_000,
    );
    expect(table).toMatch(/^NAME +STATUS +/);
  }, 60_000);

  it('Updating KubeDNS, by hand', async () => {
    const rc = await shell('kubectl get rc --namespace=kube-system --context=member-1 --no-headers');
    const [controller] = rc.split(/\s+/);
    expect(controller).toBe('kube-dns-v18');
    const flag = `--federations=${name}=${name}.example`;
    const editor = operator.path('editor');
    await writeFile(editor, `#!/bin/sh\nsed -i 's/^\\( *\\)- args:$/&\\n\\1  - ${flag}/' "$1"\n`, { mode: 0o755 });
    await shell(`kubectl edit rc ${controller} --namespace=kube-system --context=member-1`, { KUBE_EDITOR: editor });
    const pods = await dnsPods();
    await shell(`kubectl delete ${pods.join(' ')} --namespace=kube-system --context=member-1`);
    const fresh = await eventually(async () => {
      const now = await dnsPods();
      return now.length === pods.length && now.every((pod) => !pods.includes(pod)) && now;
    }, 'the pods are replaced');
    const first = `kubectl get ${fresh[0] ?? ''} -n kube-system --context=member-1 -o jsonpath='{..args}'`;
    expect(await shell(first)).toContain(flag);
  }, 60_000);

  it('what was made by hand is taken over with join --adopt, and stays Ready', async () => {
    const document = parseDocument(await readFile(out('federation.yaml'), 'utf8'));
    const clusters = [{ name: 'cluster1', context: 'member-1', serverAddresses: await addressesByHand() }];
    document.setIn(['spec', 'clusters'], clusters);
    await writeFile(out('federation.yaml'), document.toString());
    succeeded(await operator.fedctl('join', '-f', out('federation.yaml'), 'cluster1', '--adopt'));
    expect(await shell('kubectl get clusters --context=federation-cluster')).toMatch(/^cluster1 +Ready/m);
    // Whatever the last run was about, status shows the whole federation.
    const status = await shell(`${join(root, 'fedctl')} status ${name}`);
    expect(status).toMatch(/^✓ host cluster host, namespace federation/m);
    expect(status).toMatch(/^ {2}✓ federation-apiserver: ready/m);
    expect(status).toMatch(/^ {2}✓ cluster1: ready/m);
    expect(status).toMatch(/^✓ last run: join, completed/m);
  }, 60_000);

  it('redeploy_federation keeps what stands, the cluster registered by hand too', async () => {
    const ran = await guide('federation/deploy/deploy.sh', ['redeploy_federation']);
    succeeded(ran);
    // The record learns that the file names the cluster; no object of any cluster changes.
    expect(ran.stderr).toContain('2 steps changed something: 2 updated (host/record, verify/record)');
    expect(await shell('kubectl get clusters --context=federation-cluster')).toMatch(/^cluster1 +Ready/m);
  }, 60_000);

  it('Turn down: the control plane goes; what the reader made by hand, and the volume, stay', async () => {
    succeeded(await guide('federation/deploy/deploy.sh', ['destroy_federation']));
    expect(await shell(`kubectl get deployments,services --namespace=${namespace} -o name`)).toBe('');
    expect(await shell(`kubectl get secrets,pvc --namespace=${namespace} -o name`)).toBe(
      'secret/cluster1\npersistentvolumeclaim/federation-apiserver-etcd-claim',
    );
    expect(await contexts()).toEqual(['host', ...members]);
    await shell(`kubectl delete namespace ${namespace}`);
  }, 120_000);

  it('leaves the reader to take the flag out of KubeDNS again', async () => {
    const args = JSON.parse(await dnsArgs()) as string[];
    const without = args.filter((arg) => !arg.startsWith('--federations='));
    expect(without).toHaveLength(args.length - 1);
    const patch = JSON.stringify([{ op: 'replace', path: '/spec/template/spec/containers/0/args', value: without }]);
    await shell(`kubectl --context=member-1 -n kube-system patch rc kube-dns-v18 --type=json -p '${patch}'`);
    await shell(`kubectl delete ${(await dnsPods()).join(' ')} --namespace=kube-system --context=member-1`);
    await asBefore(operator, members, before);
  }, 60_000);
});

describe('Previous Federation turn up mechanism', () => {
  const variables = (): NodeJS.ProcessEnv => ({
    FEDERATION_OUTPUT_ROOT: operator.path('previous'),
    KUBERNETES_PROVIDER: 'sandbox',
    FEDERATION_DNS_PROVIDER: 'powerdns',
    FEDERATION_NAME: name,
    DNS_ZONE_NAME: `${name}.example`,
    // "This will always use the latest image": no FEDERATION_IMAGE_TAG.
    FEDERATION_PUSH_REPO_BASE: official,
  });
  const nameServers = (): Promise<string> => shell(`dig +short @${layout.dnsAddress} ${name}.example. NS`);

  it('Running the federation control plane: federation-up.sh with variables only', async () => {
    succeeded(await guide('federation/deploy/deploy.sh', ['init'], variables()));
    await edit(operator.path('previous/federation.yaml'), {
      resolvers: [`${layout.dnsAddress}:53`],
      nameServers: [`ns1.${name}.example.`],
      delegation: 'ignore',
    });
    succeeded(await guide('federation/cluster/federation-up.sh', [], variables()));
    expect(await deployments()).toEqual(bothAvailable);
    expect(await contexts()).toEqual(['federation-cluster', 'host', ...members]);
    const view = await shell('kubectl config view');
    expect(view).toContain('name: federation-cluster');
    const server = 'kubectl config view -o jsonpath=\'{.clusters[?(@.name=="federation-cluster")].cluster.server}\'';
    expect(await shell(server)).toMatch(/^https:/);
    expect(await nameServers()).toContain(`ns1.${name}.example.`);
  }, 120_000);

  it('Using official release images: without a tag it is the newest there is', async () => {
    const image = "kubectl get deployment federation-apiserver -n federation -o jsonpath='{..image}'";
    expect(await shell(image)).toContain(`${official}/hyperkube-amd64:${tag}@sha256:`);
  }, 30_000);

  it('Registering Kubernetes clusters and updating KubeDNS, afresh, by one command', async () => {
    const args = ['member-2', '--cluster-context', 'member-2', '--context', 'host', '-n', namespace];
    succeeded(await operator.fedctl('join', name, ...args));
    expect(await shell('kubectl get clusters --context=federation-cluster')).toMatch(/^member-2 +Ready/m);
    expect(await shell(`kubectl get secrets -n ${namespace} -o name`)).toContain('secret/member-2');
    const map = "kubectl get configmap kube-dns -n kube-system --context=member-2 -o jsonpath='{.data.federations}'";
    expect(await shell(map)).toBe(`${name}=${name}.example`);
    succeeded(await operator.fedctl('unjoin', name, 'member-2', '--yes'));
    expect(await shell('kubectl get clusters --context=federation-cluster -o name')).toBe('');
  }, 120_000);

  it('Building and pushing images from HEAD: quick-release, push-federation-images.sh', async () => {
    const mine = `${layout.address}:5000/mine`;
    const env = { ...variables(), FEDERATION_PUSH_REPO_BASE: undefined };
    const release = `FEDERATION=true KUBE_RELEASE_RUN_TESTS=n make -f ${compat}/Makefile quick-release`;
    await shell(`cd source && FEDERATION_BINARIES=binaries ${release}`, env);
    const develop = operator.path('previous/develop/federation.yaml');
    await edit(develop);
    await shell(
      `cd source && FEDERATION=true FEDERATION_PUSH_REPO_BASE=${mine} ${compat}/build/push-federation-images.sh`,
      env,
    );
    const values = parse(await readFile(operator.path('previous/values.yaml'), 'utf8')) as Record<string, string>;
    expect(values).toMatchObject({ apiserverRegistry: mine, controllerManagerRegistry: mine });
    expect(values['apiserverVersion']).toBe(values['controllerManagerVersion']);
  }, 120_000);

  it('may be run again, which wiped the federation in 2016: the new image is rolled out', async () => {
    const uid = "kubectl get service federation-apiserver -n federation -o jsonpath='{.metadata.uid}'";
    const first = await shell(uid);
    succeeded(await guide('federation/cluster/federation-up.sh', [], variables()));
    expect(await shell(uid)).toBe(first);
    expect(await deployments()).toEqual(bothAvailable);
    const image = "kubectl get deployment federation-apiserver -n federation -o jsonpath='{..image}'";
    expect(await shell(image)).toContain(`${layout.address}:5000/mine/hyperkube-amd64:`);
  }, 120_000);

  it('turns down with federation-down.sh, from a shell that has lost the variables, and leaves nothing', async () => {
    const env = { FEDERATION_OUTPUT_ROOT: operator.path('previous'), FEDERATION_VOLUMES: 'delete' };
    succeeded(await guide('federation/cluster/federation-down.sh', [], env));
    expect(await nameServers()).toBe('');
    await asBefore(operator, members, before);
    expect(await contexts()).toEqual(['host', ...members]);
  }, 120_000);
});
