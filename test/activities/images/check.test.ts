import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { failureOf } from '../../helpers/kubernetes/member-world.ts';
import { account, type Registry } from '../../helpers/images/registry.ts';
import {
  open,
  closed,
  tls,
  machine,
  world,
  images,
  imagesStage,
  official,
  withEnv,
  call,
  check,
  buildSpec,
} from '../../helpers/images/images-stage.ts';

imagesStage();

/** The same registry under an address that nobody takes for loopback, though it leads there. */
const outside = (registry: Registry): Registry => ({
  ...registry,
  name: registry.name.replace('127.0.0.1', '0.0.0.0'),
});

describe('checkImages', () => {
  it('pins every image to the digest that its registry tells', async () => {
    const digest = (await open.head('official/hyperkube-amd64', 'v1.5.0')).digest;
    const etcd = (await open.head('etcd', '3.6.8')).digest;
    const { outcome, facts } = await check(official(open));
    const reference = `${open.name}/official/hyperkube-amd64:v1.5.0@${digest}`;
    expect(outcome).toBe('done');
    expect(facts).toEqual({
      apiserver: reference,
      controllerManager: reference,
      etcd: `${open.name}/etcd:3.6.8@${etcd}`,
      there: '',
      platforms: [],
    });
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('names the image that is missing', async () => {
    const image = `${open.name}/official/hyperkube-amd64:v9.9.9`;
    expect(await failureOf(check(official(open, 'v9.9.9')))).toMatchObject({
      type: 'IMAGE_NOT_FOUND',
      nonRetryable: true,
      message: expect.stringMatching(new RegExp(`${image}.*unknown`)), // the word of the registry
      data: { image },
    });
  });

  it('finds images at their mirror', async () => {
    const image = { registry: 'gcr.io/google_containers', name: 'hyperkube-amd64', version: 'v1.5.0' };
    const mirrors = { 'gcr.io/google_containers': `${open.name}/official`, 'quay.io/coreos': open.name };
    const etcd = { image: 'quay.io/coreos/etcd:3.6.8' };
    const { facts } = await check({ apiserver: image, controllerManager: image, etcd, mirrors });
    expect(facts.apiserver).toContain(`${open.name}/official/hyperkube-amd64:v1.5.0@sha256:`);
    expect(facts.etcd).toContain(`${open.name}/etcd:3.6.8@sha256:`);
  });

  it('is retried while a registry cannot be reached', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const name = `127.0.0.1:${(free.address() as AddressInfo).port}`;
    await new Promise((resolve) => free.close(resolve));
    const gone = official({ ...open, name });
    expect(await failureOf(check(gone))).toMatchObject({
      type: 'UNREACHABLE',
      nonRetryable: false,
      message: expect.stringContaining(name),
    });
  });

  it('does not speak plain HTTP with a registry that is not called insecure', async () => {
    const far = outside(open);
    const failed = await failureOf(check({ ...official(far), insecureRegistries: [] }));
    expect(failed).toMatchObject({ type: 'REGISTRY_TLS', nonRetryable: true });
    expect(failed.message).toContain(far.name);
    expect((await check({ ...official(far), insecureRegistries: [far.name] })).outcome).toBe('done');
  });

  it('speaks plain HTTP on loopback without being told, as engines do', async () => {
    expect((await check({ ...official(open), insecureRegistries: [] })).outcome).toBe('done');
  });

  it('trusts a registry by its CA file, or by the word insecure', async () => {
    const far = outside(tls);
    expect(await failureOf(check(official(far)))).toMatchObject({ type: 'REGISTRY_TLS', nonRetryable: true });
    expect((await check({ ...official(far), caFile: tls.caFile })).outcome).toBe('done');
    expect((await check({ ...official(far), insecureRegistries: [far.name] })).outcome).toBe('done');
  });

  it('is denied without credentials and with wrong ones, and never says them', async () => {
    expect(await failureOf(check(official(closed)))).toMatchObject({
      type: 'REGISTRY_DENIED',
      nonRetryable: true,
      data: { registry: closed.name, status: 401 },
    });
    const password = 'wrong-word-of-test';
    const fromDockerConfig = machine.dockerConfig({ [closed.name]: { user: account.user, password } });
    const failed = await failureOf(check({ ...official(closed), pullSecret: { fromDockerConfig } }));
    expect(failed.type).toBe('REGISTRY_DENIED');
    const encoded = Buffer.from(`${account.user}:${password}`).toString('base64');
    for (const secret of [password, encoded]) expect(JSON.stringify(failed)).not.toContain(secret);
  });

  it('takes credentials from the pull secret, and else from the logins of the worker', async () => {
    const file = machine.dockerConfig({ [`https://${closed.name}/`]: account });
    const result = await check({ ...official(closed), pullSecret: { fromDockerConfig: file } });
    expect(JSON.stringify(result)).not.toContain(account.password);
    withEnv({ REGISTRY_AUTH_FILE: file });
    expect((await check(official(closed))).facts).toEqual(result.facts);
  });

  describe('with a credential helper', () => {
    /** A config file that names a helper, and the helper on the PATH; it notes its arguments and knows one server. */
    function helper(config: object): { file: string; asked: string } {
      const bin = mkdtempSync(join(machine.folder, 'bin-'));
      const asked = join(bin, 'asked');
      const answer = JSON.stringify({ ServerURL: closed.name, Username: account.user, Secret: account.password });
      writeFileSync(join(bin, 'answer'), answer);
      const script = `#!/bin/sh\nread server\necho "$* $server" >> ${asked}\n[ "$server" = "${closed.name}" ] && exec cat ${bin}/answer\necho "credentials not found"; exit 1\n`;
      writeFileSync(join(bin, 'docker-credential-vault'), script, { mode: 0o755 });
      const file = join(bin, 'config.json');
      writeFileSync(file, JSON.stringify(config));
      withEnv({ REGISTRY_AUTH_FILE: file, PATH: `${bin}:${process.env['PATH']}` });
      return { file, asked };
    }

    it.each([
      ['of one registry', () => ({ credHelpers: { [closed.name]: 'vault' } })],
      ['of all', () => ({ credsStore: 'vault', auths: { [closed.name]: {} } })],
    ])('%s: it is told the server by standard input, and its secret is used', async (_what, config) => {
      const { asked } = helper(config());
      const result = await check(official(closed));
      expect(result.outcome).toBe('done');
      expect(JSON.stringify(result)).not.toContain(account.password);
      expect(new Set(readFileSync(asked, 'utf8').trim().split('\n'))).toEqual(new Set([`get ${closed.name}`]));
    });

    it('goes on without one that is missing, or knows nothing', async () => {
      const auth = Buffer.from(`${account.user}:${account.password}`).toString('base64');
      for (const credHelpers of [{ [closed.name]: 'absent' }, { [closed.name]: '../vault' }, {}]) {
        helper({ credHelpers, auths: { [closed.name]: { auth } } });
        expect((await check(official(closed))).outcome).toBe('done');
      }
      helper({ credHelpers: { [closed.name]: 'absent' } });
      expect(await failureOf(check(official(closed)))).toMatchObject({ type: 'REGISTRY_DENIED' });
    });
  });

  describe('on a host with nodes', () => {
    const ref = { apiVersion: 'v1', kind: 'Node', name: 'node-1' };
    let uid = '';
    beforeEach(async () => {
      const node: KubeObject = await world.host.create<KubeObject>({ ...ref, metadata: { name: ref.name } });
      uid = node.metadata.uid ?? '';
      await world.setStatus(node, { nodeInfo: nodeInfo('amd64') });
    });
    afterEach(() => world.host.remove(ref, { uid }));
    const nodeInfo = (architecture: string): object => ({
      architecture,
      operatingSystem: 'linux',
      bootID: '',
      containerRuntimeVersion: '',
      kernelVersion: '',
      kubeProxyVersion: '',
      kubeletVersion: '',
      machineID: '',
      osImage: '',
      systemUUID: '',
    });

    it('refuses an image that none of them could run, and tells their platforms', async () => {
      await open.put('official/hyperkube-amd64', 'v1.5.0-arm', 'arm64');
      expect(await failureOf(check(official(open, 'v1.5.0-arm')))).toMatchObject({
        type: 'IMAGE_PLATFORM',
        nonRetryable: true,
        message: expect.stringContaining('is for linux/arm64; the nodes are linux/amd64'),
      });
      const { facts, note } = await check(official(open));
      expect(facts.platforms).toEqual(['linux/amd64']);
      expect(note).not.toContain('not known');
    });
  });

  it('takes an image of any platform where the nodes are not known, and says so', async () => {
    await open.put('official/hyperkube-amd64', 'v1.5.0-arm', 'arm64');
    const { facts, note } = await check(official(open, 'v1.5.0-arm'));
    expect(facts).toMatchObject({ apiserver: expect.stringContaining(':v1.5.0-arm@sha256:'), platforms: [] });
    expect(note).toContain('which platforms the nodes have is not known');
  });

  it('has no use for etcd and nodes where images are pushed for no federation', async () => {
    const given = { ...official(open), etcd: { image: 'no-such-registry.invalid/etcd:1' }, ...buildSpec('/absent') };
    const asked = call<'preflight/images'>('preflight/images', given);
    const alone = { ...asked, run: { ...asked.run, imagesOnly: true } };
    expect((await world.act(images.checkImages, alone)).facts).toMatchObject({ etcd: '', platforms: [] });
  });

  it('takes the newest release that the registry lists where that is asked for, and says so', async () => {
    for (const tag of ['v1.9.0', 'v1.10.0', 'v1.11.0-beta.1', 'zebra']) await open.put('released/hyperkube-amd64', tag);
    const image = { registry: `${open.name}/released`, name: 'hyperkube-amd64', version: 'newest' };
    const given = { ...official(open), apiserver: image, controllerManager: image };
    const { facts, note } = await check(given);
    expect(facts.apiserver).toContain(`${open.name}/released/hyperkube-amd64:v1.10.0@sha256:`);
    expect(note).toMatch(/^the newest version there is: .*:v1\.10\.0@/);
    // A tag of that name is no version: it may be of any age.
    await open.put('released/hyperkube-amd64', 'latest');
    expect((await check(given)).facts.apiserver).toContain('hyperkube-amd64:v1.10.0@sha256:');
    expect((await check(official(open))).note).not.toContain('newest');
  });

  it('takes latest for what it says: that tag, and no other', async () => {
    await open.put('versions/hyperkube-amd64', 'v1.0.0');
    const image = { registry: `${open.name}/versions`, name: 'hyperkube-amd64', version: 'latest' };
    const given = { ...official(open), apiserver: image, controllerManager: image };
    expect(await failureOf(check(given))).toMatchObject({
      type: 'IMAGE_NOT_FOUND',
      data: { image: `${open.name}/versions/hyperkube-amd64:latest` },
    });
    await open.put('unversioned/hyperkube-amd64', 'latest');
    const only = { ...image, registry: `${open.name}/unversioned`, version: 'newest' };
    const { facts } = await check({ ...given, apiserver: only, controllerManager: only });
    expect(facts.apiserver).toContain('unversioned/hyperkube-amd64:latest@sha256:');
  });

  it.each([
    ['is not there', () => join(machine.folder, 'absent.json')],
    ['has credentials for other registries only', () => machine.dockerConfig({ 'other.example': account })],
    [
      'is no JSON',
      () => {
        const file = join(mkdtempSync(join(machine.folder, 'bad-')), 'config.json');
        writeFileSync(file, `{"auths": ${account.password}`);
        return file;
      },
    ],
  ])('refuses a pull secret that %s', async (_what, file) => {
    const pullSecret = { fromDockerConfig: file() };
    const failed = await failureOf(check({ ...official(open), pullSecret }));
    expect(failed).toMatchObject({ type: 'PULL_SECRET', nonRetryable: true });
    expect(failed.message).toContain(pullSecret.fromDockerConfig);
    expect(failed.message).not.toContain(account.password);
  });

  it('refuses what is no image', async () => {
    expect(await failureOf(check({ ...official(open), etcd: { image: 'http://x/y' } }))).toMatchObject({
      type: 'IMAGE_REFERENCE',
      message: expect.stringContaining('images.etcd.image'),
    });
    expect(await failureOf(check({ etcd: { image: `${open.name}/etcd:3.6.8` } }))).toMatchObject({
      type: 'IMAGE_REFERENCE',
      data: { field: 'spec.images.apiserver.version' },
    });
  });
});
