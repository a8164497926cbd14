import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { allPaths } from '../../src/spec/schema-walk.ts';
import { parseFederation, schemaOfFile } from '../../src/distributions/parse.ts';
import type { ParseInput } from '../../src/spec/parse.ts';
import { dotted, type Problem } from '../../src/spec/problem.ts';
import { badSpecs, head } from './bad-specs.ts';

const problemsOf = (input: Partial<ParseInput> & { text: string }): Problem[] => {
  const parsed = parseFederation({ file: 'federation.yaml', ...input });
  return parsed.ok ? [] : parsed.problems;
};
const lineOf = ({ line, column, path, message }: Problem): string => `${line}:${column} ${path} ${message}`;
const good = (input: Partial<ParseInput> & { text: string }) => {
  const parsed = parseFederation({ file: 'federation.yaml', ...input });
  if (!parsed.ok) throw new Error(parsed.problems.map(lineOf).join('\n'));
  return parsed;
};
const values = (text: string) => ({ file: 'out/values.yaml', text });
const bare = 'apiVersion: fedctl/v1alpha1\nkind: Federation\nspec: {host: {context: host}}\n';

describe('a bad spec', () => {
  it.each(badSpecs)('$name', ({ text, expect: wanted, hint }) => {
    const [at = '', path = '', ...message] = wanted.split(' ');
    const problem = problemsOf({ text }).find(
      (one) => `${one.line}:${one.column}` === at && one.path === path && one.message.includes(message.join(' ')),
    );
    if (!problem) expect(problemsOf({ text }).map(lineOf)).toContain(wanted);
    expect(problem?.hint ?? '').toContain(hint ?? '');
  });

  it('has every problem named at once, in the order of the text', () => {
    const text = head.replace('context: host', 'contxt: host') + '  etcd: {storage: big}\n  policy: {blockedFor: 0s}\n';
    expect(problemsOf({ text }).map(({ line, path }) => `${line} ${path}`)).toEqual([
      '6 spec.host.context',
      '7 spec.host.contxt',
      '15 spec.etcd.storage',
      '16 spec.policy.blockedFor',
    ]);
  });

  it('never throws, wherever the text breaks off', () => {
    const text = readFileSync(new URL('../../examples/full.yaml', import.meta.url), 'utf8').replace(/^ *#.*\n/gm, '');
    for (let end = 1; end < text.length; end += 7) {
      const parsed = parseFederation({
        file: 'federation.yaml',
        text: text.slice(0, end),
        values: values(text.slice(-end)),
      });
      expect(parsed.ok).toBe(false);
    }
  });

  it('is told apart from one that only waits for a later fedctl', () => {
    const codes = (text: string) => problemsOf({ text }).map(({ code }) => code);
    expect(codes(`${head}  distribution: karmada\n`)).toEqual(['NOT_BUILT_YET']);
    expect(codes(`${head}  distribution: karmda\n`)).toEqual([undefined]);
  });
});

describe('a good spec', () => {
  const folder = new URL('../../examples/', import.meta.url);
  const examples = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));

  it.each(examples)('examples/%s', (file) => {
    expect(good({ text: readFileSync(new URL(file, folder), 'utf8') }).federation).toBe('myfederation');
  });

  it('has defaults where it says nothing', () => {
    const { spec, notes } = good({ text: head });
    expect(spec.host.namespace).toBe('federation');
    expect(spec.policy.waits.reach).toBe(300_000);
    expect(spec.dns).toBeUndefined();
    expect(notes).toEqual([]);
  });

  it('may leave a key empty', () => {
    expect(good({ text: `${head}  dns:\n  clusters:\n  apiserver:\n` }).spec.clusters).toEqual([]);
  });

  it("may name a cluster's Secret in one word", () => {
    const text = `${head}  clusters: [{name: a, context: a, secretRef: of-a}]\n`;
    expect(good({ text }).spec.clusters[0]?.secretRef).toEqual({ name: 'of-a' });
  });

  it('may patch away a field with null', () => {
    const patch = '{apiVersion: v1, kind: Service, metadata: {name: federation-apiserver}, spec: {a: null}}';
    expect(good({ text: `${head}  patches: [${patch}]\n` }).spec.patches[0]?.['spec']).toEqual({ a: null });
  });

  it('may start with a byte order mark, end lines as Windows does, and share a block', () => {
    expect(good({ text: `\uFEFF${head}`.replaceAll('\n', '\r\n') }).federation).toBe('myfederation');
    const shared = head
      .replace('apiserver:', 'apiserver: &image')
      .replace(/controllerManager:[^]*/, 'controllerManager: *image\n');
    expect(good({ text: shared }).spec.images.controllerManager.version).toBe('v1.5.0');
  });

  it('gives the zone its dot and the domain none', () => {
    const dns = (more: string) =>
      good({ text: `${head}  dns: {provider: powerdns, endpoint: "http://a", ${more}}\n` }).spec.dns;
    expect(dns('zone: a.example')).toMatchObject({ zone: 'a.example.', domain: 'a.example' });
    expect(dns('zone: bücher.Example, domain: ä.bücher.example')).toMatchObject({
      zone: 'xn--bcher-kva.example.',
      domain: 'xn--4ca.xn--bcher-kva.example',
    });
    expect(dns('zone: a.example., domain: b.A.example.')).toMatchObject({ zone: 'a.example.', domain: 'b.A.example' });
  });

  it('may be the zone of a company under whose name others register, or any that is private', () => {
    const zoneOf = (dns: string) => good({ text: `${head}  dns: {${dns}}\n` }).spec.dns?.zone;
    expect(zoneOf('provider: google-clouddns, zone: github.io')).toBe('github.io.');
    expect(zoneOf('provider: google-clouddns, zone: co.uk, visibility: private, network: default')).toBe('co.uk.');
  });

  it('writes a version of Kubernetes as the tag its own scripts make of it', () => {
    const text = head.replaceAll('v1.5.0', 'v1.5.0-alpha.0.1010+892a6d7af59c0b');
    expect(good({ text }).spec.images.apiserver.version).toBe('v1.5.0-alpha.0.1010_892a6d7af59c0b');
  });

  it('may take IPv6', () => {
    const text = `${head}  apiserver: {advertiseAddress: "fd00::1", serviceClusterIPRange: "fd00::/108"}
  dns: {provider: powerdns, endpoint: "http://a", zone: a.b, resolvers: ['[fd00::53]:53']}\n`;
    expect(good({ text }).spec.dns?.resolvers).toEqual(['[fd00::53]:53']);
  });
});

describe('examples/full.yaml', () => {
  it('shows every field but those of other providers', () => {
    const text = readFileSync(new URL('../../examples/full.yaml', import.meta.url), 'utf8');
    const pathsIn = (value: unknown, at: string): string[] => {
      if (Array.isArray(value)) return [at, ...value.flatMap((item) => pathsIn(item, `${at}[]`))];
      if (value === null || typeof value !== 'object') return [at];
      return [at, ...Object.entries(value).flatMap(([key, item]) => pathsIn(item, at ? `${at}.${key}` : key))];
    };
    const shown = new Set(pathsIn(parse(text), ''));
    const others = ['network', 'profile', 'project', 'region'].map((key) => `spec.dns.${key}`);
    expect(allPaths(schemaOfFile('federation')).filter((path) => !shown.has(path))).toEqual(others);
  });
});

describe('values.yaml', () => {
  const noImages = head.slice(0, head.indexOf('  images'));
  const guide = `apiserverRegistry: "gcr.io/myrepository"
apiserverVersion: "v1.5.0-alpha.0.1010+892a6d7af59c0b"
controllerManagerRegistry: "gcr.io/myrepository"
controllerManagerVersion: "v1.5.0-alpha.0.1010+892a6d7af59c0b"
`;
  const built = `${noImages}  images: {build: {source: ., binaries: [make], push: {registry: r.example}}}\n`;

  it('fills the four images as in the guide', () => {
    const { images } = good({ text: noImages, values: values(guide) }).spec;
    const image = {
      registry: 'gcr.io/myrepository',
      name: 'hyperkube-amd64',
      version: 'v1.5.0-alpha.0.1010_892a6d7af59c0b',
    };
    expect([images.apiserver, images.controllerManager]).toEqual([image, image]);
  });

  it('wins over the environment', () => {
    const environment = {
      FEDERATION_PUSH_REPO_BASE: 'gcr.io/other',
      FEDERATION_IMAGE_TAG: 'v9',
      FEDERATION_NAME: 'other',
    };
    const text = noImages.replace('  name: myfederation\n', '');
    const parsed = good({ text, environment, values: values(`${guide}controllerManagerFederationName: fed\n`) });
    expect(parsed.federation).toBe('fed');
    expect(parsed.spec.images.apiserver.registry).toBe('gcr.io/myrepository');
  });

  it('may say the same as the file, in its own way', () => {
    const text = `${head}  dns: {provider: powerdns, zone: a.example., endpoint: "http://a"}\n`;
    const same = 'namespace: federation\ncontrollerManagerDNSZone: A.example\ncontrollerManagerDNSProvider: powerdns\n';
    expect(good({ text, values: values(`apiserverVersion: v1.5.0\n${same}`) }).spec.dns?.zone).toBe('a.example.');
  });

  it('must not say something else: both places are named', () => {
    const [problem] = problemsOf({ text: head, values: values('# mine\napiserverVersion: v1.4.0\n') });
    expect(problem).toMatchObject({ file: 'out/values.yaml', line: 2, column: 19, path: 'apiserverVersion' });
    expect(problem?.message).toBe('v1.4.0 here, but spec.images.apiserver.version is v1.5.0 at federation.yaml:11:16');
  });

  it('has its four keys written, not read, where the run builds the image', () => {
    const { images } = good({ text: built, values: values(guide.replaceAll('v1.5.0', 'v0')) }).spec;
    expect(images.apiserver).toEqual({ name: 'hyperkube-amd64' });
    const given = built.replace('{build', '{apiserver: {registry: a.example, version: v2}, build');
    expect(good({ text: given, values: values(guide) }).spec.images.apiserver.version).toBe('v2');
  });

  it('has its own place shown for what is wrong in it', () => {
    const [problem] = problemsOf({ text: noImages, values: values(guide.replace('"gcr.io/my', '"https://gcr.io/my')) });
    expect(problem).toMatchObject({
      file: 'out/values.yaml',
      line: 1,
      column: 20,
      path: 'spec.images.apiserver.registry',
    });
    expect(problem?.message).toContain('(from apiserverRegistry)');
    const [number] = problemsOf({ text: noImages, values: values(guide.replace(/"v1.5.0-alpha.*/, '1.10')) });
    expect(number).toMatchObject({
      file: 'out/values.yaml',
      line: 2,
      hint: 'YAML reads it as a number: quote it, "1.10"',
    });
  });

  it.each([
    [
      'apiserverRegistri: a',
      'apiserverRegistri is not a key of the federation chart',
      'did you mean apiserverRegistry?',
    ],
    [
      'apiserverName: api',
      'apiserverName cannot be changed: down, certificates',
      'remove it, or write federation-apiserver',
    ],
    ['controllerManagerName: cm', 'controllerManagerName cannot be changed', 'write federation-controller-manager'],
    ['- a', ' is a list', ''],
    ['a: [', ' is not valid YAML', ''],
    ['controllerManagerDNSZone: a.example', 'spec.dns.provider is missing', 'FEDERATION_DNS_PROVIDER'],
  ])('with %s is refused', (text, message, hint) => {
    const problems = problemsOf({ text: head, values: values(`${text}\n`) });
    const found = problems.find((problem) => `${problem.path} ${problem.message}`.includes(message));
    expect(found?.hint ?? '').toContain(hint);
    expect(problems.map((problem) => `${problem.path} ${problem.message}`).join()).toContain(message);
  });

  it.each([
    '',
    '# as init leaves it\n\n',
    'apiserverName: federation-apiserver\napiserverFetchSvcAddressVersion: v0.9.0\n',
  ])('with %j changes nothing', (text) => {
    expect(good({ text: head, values: values(text) })).toEqual(good({ text: head }));
  });

  it('with the provider that every copy names asks for no DNS', () => {
    const text = 'controllerManagerDNSProvider: google-clouddns\n';
    expect(good({ text: head, values: values(text) }).spec.dns).toBeUndefined();
  });

  it('with a token is read over, and said to hold a secret', () => {
    const { notes } = good({
      text: head,
      values: values('apiserverToken: s3cret\napiserverKnownTokens: s3cret,admin\n'),
    });
    expect(notes).toHaveLength(2);
    expect(notes[0]).toContain('out/values.yaml:1: apiserverToken');
    expect(notes.join()).not.toContain('s3cret');
  });
});

describe('the environment', () => {
  const dns = { KUBERNETES_PROVIDER: 'gce', DNS_ZONE_NAME: 'myfederation.example' };
  const images = { FEDERATION_PUSH_REPO_BASE: 'gcr.io/google_containers' };

  it('names the federation and its images as the guide does: without a tag the newest', () => {
    const { federation, spec } = good({ text: bare, environment: { ...images, FEDERATION_NAME: 'fed' } });
    expect(federation).toBe('fed');
    expect(spec.images.apiserver).toEqual({
      registry: 'gcr.io/google_containers',
      name: 'hyperkube-amd64',
      version: 'newest',
    });
    const tagged = good({
      text: bare,
      environment: { ...images, FEDERATION_NAME: 'fed', FEDERATION_IMAGE_TAG: 'v1.4.0' },
    });
    expect(tagged.spec.images.controllerManager.version).toBe('v1.4.0');
  });

  it('fills gaps only', () => {
    const environment = { ...images, FEDERATION_NAME: 'fed', FEDERATION_IMAGE_TAG: 'v9', KUBE_REGISTRY: 'x.example' };
    expect(good({ text: head, environment })).toEqual(good({ text: head }));
  });

  it('gives no version to a registry of the file', () => {
    const text = head.replaceAll('      version: v1.5.0\n', '');
    expect(problemsOf({ text, environment: images }).map(({ path }) => path)).toEqual([
      'spec.images.apiserver.version',
      'spec.images.controllerManager.version',
    ]);
  });

  it('says where built images go', () => {
    const text = `${bare.replace('}}', '}, images: {build: {source: ., binaries: [make]}}}')}`;
    const push = (environment: Record<string, string>) =>
      good({ text, environment: { ...environment, FEDERATION_NAME: 'fed' } }).spec.images.build?.push;
    expect(push({ ...images, KUBE_REGISTRY: 'r.example' })).toEqual({ registry: 'r.example' });
    expect(push({ ...images, FEDERATION_IMAGE_TAG: 'v1+2' })).toEqual({
      registry: 'gcr.io/google_containers',
      tag: 'v1_2',
      ifThere: 'use',
    });
    // The first mechanism moves its tag; only the one that the previous mechanism names is taken as it is.
    expect(push({ ...images, FEDERATION_IMAGE_TAG: 'v1', KUBE_VERSION: 'v2' })).toEqual({
      registry: 'gcr.io/google_containers',
      tag: 'v2',
    });
    const tagged = text.replace('[make]', '[make], push: {tag: v3}');
    const environment = { ...images, FEDERATION_IMAGE_TAG: 'v1', FEDERATION_NAME: 'fed' };
    expect(good({ text: tagged, environment }).spec.images.build?.push).toEqual({
      registry: 'gcr.io/google_containers',
      tag: 'v3',
    });
  });

  it.each([
    ['gce', 'google-clouddns'],
    ['gke', 'google-clouddns'],
    ['aws', 'aws-route53'],
  ])('infers the DNS provider of %s', (cloud, provider) => {
    const { spec } = good({ text: head, environment: { ...dns, KUBERNETES_PROVIDER: cloud } });
    expect(spec.dns?.provider).toBe(provider);
  });

  it('has the provider that is named go before the inferred one, and the file before both', () => {
    const named = good({ text: head, environment: { ...dns, FEDERATION_DNS_PROVIDER: 'aws-route53' } });
    expect(named.spec.dns?.provider).toBe('aws-route53');
    const text = `${head}  dns: {provider: powerdns, endpoint: "http://a"}\n`;
    const { spec } = good({ text, environment: { ...dns, DNS_DOMAIN_NAME: 'x.myfederation.example' } });
    expect(spec.dns).toMatchObject({
      provider: 'powerdns',
      zone: 'myfederation.example.',
      domain: 'x.myfederation.example',
    });
  });

  it('asks for no DNS by a cloud alone, and for a provider when it names a zone', () => {
    expect(good({ text: head, environment: { KUBERNETES_PROVIDER: 'gce' } }).spec.dns).toBeUndefined();
    const [problem] = problemsOf({ text: head, environment: { DNS_ZONE_NAME: 'a.example' } });
    expect(problem).toMatchObject({ path: 'spec.dns.provider', message: 'is missing' });
  });

  it('is named for what is wrong in it', () => {
    const [problem] = problemsOf({ text: bare, environment: { ...images, FEDERATION_NAME: 'My Fed' } });
    expect(problem?.message).toContain("(from the environment's FEDERATION_NAME)");
  });

  it('counts an empty variable as not set', () => {
    const environment = { FEDERATION_NAME: ' ', DNS_ZONE_NAME: '', FEDERATION_PUSH_REPO_BASE: '' };
    expect(good({ text: head, environment })).toEqual(good({ text: head }));
  });
});

describe('dotted', () => {
  it.each([
    [['spec', 'clusters', 1, 'name'], 'spec.clusters[1].name'],
    [['spec', 'labels', 'a.b/c'], 'spec.labels["a.b/c"]'],
    [[], ''],
  ])('%j is %s', (path, text) => {
    expect(dotted(path)).toBe(text);
  });
});
