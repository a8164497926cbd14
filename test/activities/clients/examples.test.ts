import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { kubeClients } from '../../../activities/clients/kube/kube.ts';
import { type CloudDns, startCloudDns, writeKeyFile } from '../../helpers/dns/cloud-dns.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { type Moto, startMoto } from '../../helpers/dns/moto.ts';
import { type PowerDnsServer, startPowerDns } from '../../helpers/dns/powerdns.ts';

/** The examples as they stand, through the real command, against real API servers and emulators of the clouds. */
let clusters: KubeApiserver[];
let moto: Moto;
let cloud: CloudDns;
/** The only resolver that the command asks; it knows nothing, so nothing leaves this machine. */
let nobody: PowerDnsServer;
const folder = mkdtempSync(join(tmpdir(), 'fedctl-examples-'));

beforeAll(async () => {
  [clusters, moto, cloud, nobody] = await Promise.all([
    Promise.all([startKubeApiserver(), startKubeApiserver()]),
    startMoto(),
    startCloudDns(),
    startPowerDns(),
  ]);
  const [host] = clusters;
  const kube = await kubeClients({ HOME: '/nowhere' }).forContext(host!);
  await kube.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'example.com/none',
  });
}, 300_000);
afterAll(() =>
  Promise.all([...(clusters ?? []).map((one) => one.stop()), moto?.stop(), cloud?.stop(), nobody?.stop()]),
);

interface Example {
  spec: { host: { context: string }; clusters: { context: string }[] };
}
interface Config {
  clusters: { cluster: object }[];
}

/** A kubeconfig with the contexts of an example: its host is the first API server, its member the second. */
function kubeconfigFor({ spec }: Example): string {
  const contexts = [spec.host.context, ...spec.clusters.map(({ context }) => context)];
  const servers = clusters.map(
    ({ kubeconfig }) => (JSON.parse(readFileSync(kubeconfig, 'utf8')) as Config).clusters[0],
  );
  const file = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: contexts.map((name, at) => ({ name, cluster: servers[at]?.cluster })),
    users: [{ name: 'admin', user: { token: 'admin-token' } }],
    contexts: contexts.map((name) => ({ name, context: { cluster: name, user: 'admin' } })),
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

interface Checked {
  code: number | null;
  checks: Record<string, { result: string; message: string | null }>;
}

/** `fedctl check -f examples/<name>`, on a copy of the file beside which its key file can stand. */
async function check(name: string, env: NodeJS.ProcessEnv): Promise<Checked> {
  const file = join(folder, name);
  copyFileSync(join('examples', name), file);
  const kubeconfig = kubeconfigFor(parse(readFileSync(file, 'utf8')) as Example);
  const child = spawn(process.execPath, ['src/cli/main.ts', 'check', '-f', file, '-o', 'json'], {
    env: { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig, FEDCTL_RESOLVERS: nobody.address, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  };
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, err, code] = await Promise.all([read(child.stdout), read(child.stderr), ended]);
  if (!out.startsWith('{')) throw new Error(`${out}\n${err}`);
  const { checks } = JSON.parse(out) as { checks: { id: string; result: string; message: string | null }[] };
  return { code, checks: Object.fromEntries(checks.map(({ id, result, message }) => [id, { result, message }])) };
}

/** All that needs no registry of a cloud is well. */
function expectWell({ code, checks }: Checked): void {
  const failed = Object.entries(checks).filter(([, { result }]) => result !== 'ok');
  expect(failed.map(([id]) => id)).toEqual(['preflight/images']);
  expect(code).toBe(3);
  expect(checks['preflight/members']?.message).toBe('1 of 1 answer');
}

describe('fedctl check', () => {
  it('-f examples/aws.yaml', async () => {
    const credentials = join(folder, 'aws');
    writeFileSync(credentials, '[federation]\naws_access_key_id = AKIATEST\naws_secret_access_key = test\n');
    const env = { AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_ENDPOINT_URL_ROUTE_53: moto.url };
    const checked = await check('aws.yaml', env);
    expectWell(checked);
    expect(checked.checks['preflight/dns']?.message).toBe(
      'zone federation.example. will be created; the permission to create it could not be checked',
    );
    const without = await check('aws.yaml', { AWS_ENDPOINT_URL_ROUTE_53: moto.url });
    expect(without.checks['preflight/dns']).toMatchObject({ result: 'error' });
  }, 240_000);

  it('-f examples/gcp.yaml', async () => {
    await writeKeyFile(join(folder, 'cloud-dns-key.json'), `${cloud.url}/token`);
    const env = { CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS: cloud.url };
    const checked = await check('gcp.yaml', env);
    expectWell(checked);
    expect(checked.checks['preflight/dns']?.message).toBe('zone federation.example. will be created');
    cloud.inProject = { granted: [] };
    const refused = await check('gcp.yaml', env);
    cloud.inProject = { granted: 'all' };
    expect(refused.checks['preflight/dns']).toMatchObject({ result: 'error' });
    expect(refused.checks['preflight/dns']?.message).toContain('dns.managedZones.create');
  }, 240_000);
});
