import { describe, expect, it } from '@jest/globals';
import {
  controllerManagerArguments,
  controllerManagerDeployment,
  type ControllerManagerInput,
} from '../../../src/distributions/federation/controller-manager.ts';
import type { DnsSpec } from '../../../activities/clients/dns/port.ts';
import { aSpec } from '../../helpers/common/spec.ts';

const target = { federation: 'myfederation', namespace: 'federation' };
const mounted = '/etc/federation/dns-provider';

type Given = Partial<ControllerManagerInput> & { over?: Partial<DnsSpec>; file?: string; knows?: string };
/** What a spec with a zone at Route 53 gives, and what a test says otherwise. */
function input({ over, file, knows, ...given }: Given = {}): ControllerManagerInput {
  const dns = { provider: 'aws-route53', zone: 'federation.example.', domain: 'federation.example', ...over };
  const { images, controllerManager, dns: whole } = aSpec({ spec: { dns } });
  return {
    controllerManager: {
      ...controllerManager,
      ...(file ? { dnsProviderConfigFile: file } : {}),
      ...(knows ? { dnsProvider: knows } : {}),
    },
    images,
    dns: whole,
    image: 'registry.example/hyperkube@sha256:1',
    version: 'v1.5.0',
    secretVersion: '1',
    controllerZone: 'Z1',
    ...given,
  };
}
const flags = (given?: Given): string[] => controllerManagerArguments(target, input(given));
const flag = (name: string, given?: Given): string | undefined =>
  flags(given)
    .find((text) => text.startsWith(`--${name}=`))
    ?.slice(name.length + 3);

interface Pod {
  containers: { env: { name: string; value?: string }[]; volumeMounts: { name: string; mountPath: string }[] }[];
  volumes: { name: string; secret: { secretName: string } }[];
}
const deployment = (given?: Given) => controllerManagerDeployment(target, input(given));
const podOf = (given?: Given): Pod => (deployment(given)['spec'] as { template: { spec: Pod } }).template.spec;
const env = (name: string, given?: Given): string | undefined =>
  podOf(given).containers[0]?.env.find((one) => one.name === name)?.value;

describe('the flags of federation-controller-manager', () => {
  it('name provider, zone and the zone’s id', () => {
    expect(flags()).toEqual([
      '--dns-provider=aws-route53',
      '--federation-name=myfederation',
      '--kubeconfig=/etc/federation/controller-manager/kubeconfig',
      '--master=https://federation-apiserver',
      '--zone-id=Z1',
      '--zone-name=federation.example.',
    ]);
  });

  it('turn the service controller off where there is no provider, or one that it does not know', () => {
    for (const given of [{ dns: undefined }, { over: { provider: 'powerdns' } }] satisfies Given[]) {
      expect(flag('dns-provider', given)).toBeUndefined();
      expect(flag('controllers', given)).toBe('service-dns=false');
      expect(flag('zone-id', given)).toBeUndefined();
    }
    expect(flag('zone-name', { dns: undefined })).toBeUndefined();
  });

  it('say where names end only when that is not the zone', () => {
    expect(flag('service-dns-suffix', { over: { domain: 'fed.federation.example' } })).toBe('fed.federation.example');
    expect(flag('service-dns-suffix', { over: { domain: 'Federation.Example' } })).toBeUndefined();
    expect(flag('service-dns-suffix', { dns: undefined })).toBeUndefined();
  });

  it.each([
    ['v1.4.9', undefined],
    ['v1.5.0-alpha.0.1010_892a6d7af59c0b', undefined],
    ['v1.5.0-beta.1', 'Z1'],
    ['v1.9.0', 'Z1'],
    ['latest', undefined],
  ])('of %s have --zone-id %s', (version, id) => {
    expect(flag('zone-id', { version })).toBe(id);
  });

  it('never hand the id of a zone to another provider than its own', () => {
    expect(flag('zone-id', { over: { provider: 'powerdns' }, knows: 'coredns' })).toBeUndefined();
    expect(flag('zone-id', { controllerZone: undefined })).toBeUndefined();
    expect(flag('zone-id', { controllerZone: '' })).toBeUndefined();
  });
});

describe('what the controller’s own provider needs', () => {
  const secret = { name: 'dns-provider', secret: { secretName: 'federation-dns-provider.conf' } };

  it('is mounted where its flag says', () => {
    const given: Given = { over: { provider: 'powerdns' }, knows: 'coredns', file: './coredns.conf' };
    expect(flag('dns-provider', given)).toBe('coredns');
    expect(flag('dns-provider-config', given)).toBe(`${mounted}/federation-dns-provider.conf`);
    expect(podOf(given).volumes).toContainEqual(secret);
    expect(podOf(given).containers[0]?.volumeMounts).toContainEqual({
      name: 'dns-provider',
      mountPath: mounted,
      readOnly: true,
    });
  });

  it('is a file of the AWS SDK for Route 53, which reads no settings', () => {
    const given: Given = { file: './credentials' };
    expect(env('AWS_SHARED_CREDENTIALS_FILE', given)).toBe(`${mounted}/federation-dns-provider.conf`);
    expect(flag('dns-provider-config', given)).toBeUndefined();
    expect(podOf(given).volumes).toContainEqual(secret);
    expect(env('AWS_SHARED_CREDENTIALS_FILE')).toBeUndefined();
  });

  it('is settings for Cloud DNS, with a key file beside them where one was given', () => {
    const given: Given = { over: { provider: 'google-clouddns' }, file: './key.json' };
    expect(flag('dns-provider-config', given)).toBe(`${mounted}/federation-dns-provider.conf`);
    expect(env('GOOGLE_APPLICATION_CREDENTIALS', given)).toBeUndefined();
    expect(env('GOOGLE_APPLICATION_CREDENTIALS', { ...given, dnsKey: true })).toBe(`${mounted}/key.json`);
  });

  it('is nothing where the spec names no file', () => {
    expect(podOf().volumes.map(({ name }) => name)).toEqual(['kubeconfig']);
    expect(podOf().containers[0]?.env.map(({ name }) => name)).toEqual(['POD_NAMESPACE']);
  });
});

describe('the annotation that kubefed join reads', () => {
  it('has the domain, under which cluster DNS looks', () => {
    const of = (given?: Given): unknown => deployment(given).metadata.annotations?.['federations'];
    expect(of()).toBe('myfederation=federation.example');
    expect(of({ over: { domain: 'fed.federation.example' } })).toBe('myfederation=fed.federation.example');
    expect(of({ dns: undefined })).toBeUndefined();
  });
});

describe('the pod', () => {
  it('is replaced when the DNS settings changed, and is what it was without any', () => {
    const version = (given: Given): string | undefined => {
      const { spec } = controllerManagerDeployment(target, input(given)) as unknown as {
        spec: { template: { metadata: { annotations: Record<string, string> } } };
      };
      return spec.template.metadata.annotations['fedctl/credentials'];
    };
    expect(version({})).toBe('1');
    expect(version({ dnsSecretVersion: '7' })).not.toBe(version({ dnsSecretVersion: '8' }));
  });
});
