import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { Condition } from '../../../src/kubernetes/conditions.ts';
import {
  addressesOf,
  clusterChange,
  clusterObject,
  clusterReadiness,
  type FederationCluster,
  secretVersionAnnotation,
} from '../../../src/distributions/federation/cluster-api.ts';
import { kubeconfigText, memberIdentity, memberKubeconfig } from '../../../src/control-plane/member-manifests.ts';
import { names } from '../../../src/kubernetes/names.ts';
import type { ClusterSpec } from '../../../src/spec/schema.ts';
import { serverAddressOf } from '../../../src/spec/server-address.ts';
import { aSpec } from '../../helpers/common/spec.ts';

const aCluster = (given: Partial<ClusterSpec> = {}): ClusterSpec => ({
  ...aSpec({ clusters: ['member-1'] }).clusters[0]!,
  ...given,
});
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const wanted = (given: Partial<ClusterSpec> = {}, secretVersion = '11') =>
  clusterObject({
    cluster: aCluster(given),
    uuid: 'u-1',
    contextServer: 'https://10.0.0.5:6443',
    secretName: 'member-1',
    secretVersion,
  });
import { isLoopback } from '../../../src/spec/server-address.ts';

describe('the Cluster object', () => {
  it('has the address of the context for every client, the Secret and its version', () => {
    expect(wanted({ labels: { region: 'eu', 'fedctl/federation': 'forged' } })).toEqual({
      apiVersion: 'federation/v1beta1',
      kind: 'Cluster',
      metadata: {
        name: 'member-1',
        labels: { region: 'eu', 'fedctl/federation': 'u-1', 'app.kubernetes.io/managed-by': 'fedctl' },
        annotations: { [secretVersionAnnotation]: '11' },
      },
      spec: {
        serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: 'https://10.0.0.5:6443' }],
        secretRef: { name: 'member-1' },
      },
    });
  });

  it('takes the spec addresses in their order, and the one for every client for the kubeconfig', () => {
    const serverAddresses = [
      { clientCIDR: '10.0.0.0/8', serverAddress: 'https://inside' },
      { clientCIDR: '0.0.0.0/0', serverAddress: 'https://outside' },
    ];
    expect(addressesOf(aCluster({ serverAddresses }), 'https://context')).toEqual(serverAddresses);
    expect(serverAddressOf(aCluster({ serverAddresses }), 'https://context')).toBe('https://outside');
    expect(serverAddressOf(aCluster(), 'https://context')).toBe('https://context');
    const offline: Condition[] = [{ type: 'Offline', status: 'True' }];
    const seen = { ...wanted({ serverAddresses }), status: { conditions: offline } };
    expect(clusterReadiness(seen)).toContain('cannot reach https://outside');
  });
});

describe('clusterChange', () => {
  it('keeps what stands, whatever others added', () => {
    const found = wanted();
    found.metadata.labels!['other'] = 'label';
    found.metadata.annotations!['other'] = 'note';
    expect(clusterChange({ ...found, status: { conditions: [] } }, wanted())).toEqual({ how: 'keep' });
  });
  it('patches labels in place', () => {
    expect(clusterChange(wanted(), wanted({ labels: { tier: 'gold' } }))).toEqual({
      how: 'patch',
      patch: { metadata: { labels: { tier: 'gold' } } },
    });
  });
  const moved = [{ clientCIDR: '0.0.0.0/0', serverAddress: 'https://10.0.0.6:6443' }];
  it.each([
    ['a Secret of another version', wanted({}, '12')],
    ['another address', wanted({ serverAddresses: moved })],
    ['one more address', wanted({ serverAddresses: [...addressesOf(aCluster(), 'https://10.0.0.5:6443'), ...moved] })],
  ])('makes it again for %s, which the controller would never notice', (_what, next) => {
    expect(clusterChange(wanted(), next)).toMatchObject({ how: 'create-again' });
  });
  it('makes it again for another Secret', () => {
    const other = wanted();
    other.spec.secretRef = { name: 'another' };
    expect(clusterChange(other, wanted())).toMatchObject({ how: 'create-again' });
    expect(clusterChange({ ...other, spec: { ...other.spec, secretRef: {} } }, wanted())).toMatchObject({
      how: 'create-again',
    });
  });
});

describe('clusterReadiness', () => {
  const withConditions = (conditions?: Condition[]): FederationCluster => ({
    ...wanted(),
    status: conditions ? { conditions } : {},
  });
  it('is empty for Ready', () => {
    expect(clusterReadiness(withConditions([{ type: 'Ready', status: 'True', reason: 'ClusterReady' }]))).toBe('');
  });
  it('says where the control plane cannot get to; there is no Ready condition then', () => {
    const offline = withConditions([
      { type: 'Offline', status: 'True', reason: 'ClusterNotReachable', message: 'cluster is not reachable' },
    ]);
    expect(clusterReadiness(offline)).toContain('cannot reach https://10.0.0.5:6443 (ClusterNotReachable');
  });
  it('tells a server that is not healthy from one that cannot be reached', () => {
    const unhealthy = withConditions([
      { type: 'Ready', status: 'False', reason: 'ClusterNotReady' },
      { type: 'Offline', status: 'False', reason: 'ClusterReachable' },
    ]);
    expect(clusterReadiness(unhealthy)).toContain('not as a healthy API server (ClusterNotReady)');
  });
  it('says that nobody has looked yet', () => {
    expect(clusterReadiness(withConditions())).toContain('not probed yet');
    expect(clusterReadiness(wanted())).toContain('not probed yet');
  });
});

describe('isLoopback', () => {
  it.each([
    'https://127.0.0.1:6443',
    'https://localhost:6443',
    'https://[::1]:6443',
    'https://127.1.2.3',
    'http://kind.localhost',
  ])('%s', (url) => expect(isLoopback(url)).toBe(true));
  it.each(['https://10.88.0.1:6443', 'https://member.example', 'https://[2001:db8::1]', 'no url'])('not %s', (url) =>
    expect(isLoopback(url)).toBe(false),
  );
});

describe('the kubeconfig of a member', () => {
  const access = {
    cluster: 'member-1',
    server: 'https://10.0.0.5:6443',
    ca: 'PEM',
    insecure: false,
    user: { token: 't0ken' },
  };

  it('stands alone: everything inlined, one context, current', () => {
    const text = kubeconfigText(memberKubeconfig(access, base64), undefined);
    expect(parse(text)).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'member-1', cluster: { server: 'https://10.0.0.5:6443', 'certificate-authority-data': base64('PEM') } },
      ],
      users: [{ name: 'member-1', user: { token: 't0ken' } }],
      contexts: [{ name: 'member-1', context: { cluster: 'member-1', user: 'member-1' } }],
      'current-context': 'member-1',
    });
  });

  it('keeps a stored text that means the same, in JSON or in another order', () => {
    const document = memberKubeconfig(access, base64);
    const stored = JSON.stringify(Object.fromEntries(Object.entries(document).reverse()), null, 4);
    expect(kubeconfigText(document, stored)).toBe(stored);
  });

  it.each(['', 'not: [yaml', 'apiVersion: v1', undefined])('replaces a stored text that does not: %j', (stored) => {
    const document = memberKubeconfig(access, base64);
    expect(parse(kubeconfigText(document, stored))).toEqual(document);
  });

  it('skips verification only where the context does and no CA is known', () => {
    const insecure = (ca: string | undefined) =>
      JSON.stringify(memberKubeconfig({ ...access, ca, insecure: true }, base64));
    expect(insecure(undefined)).toContain('insecure-skip-tls-verify');
    expect(insecure('PEM')).not.toContain('insecure-skip-tls-verify');
  });

  it('carries a copied certificate', () => {
    const user = { clientCertificateData: 'CERT', clientKeyData: 'KEY' };
    expect(memberKubeconfig({ ...access, user }, base64)).toMatchObject({
      users: [{ user: { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') } }],
    });
  });
});

describe('the identity in a member', () => {
  const identity = memberIdentity({ federation: 'f'.repeat(63), cluster: 'c'.repeat(63), namespace: 'federation' });
  it('has names that the API takes, however long the federation and cluster names are', () => {
    for (const object of identity.slice(0, 2))
      expect(object.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])$/);
  });
  it('binds the ServiceAccount to everything and to /healthz', () => {
    const [account, secret, role, binding] = memberIdentity({
      federation: 'fed',
      cluster: 'member-1',
      namespace: 'federation',
    });
    const name = names.memberIdentity('fed', 'member-1');
    expect(account!.metadata.name).toBe(name);
    expect(secret).toMatchObject({
      type: 'kubernetes.io/service-account-token',
      metadata: { annotations: { 'kubernetes.io/service-account.name': name } },
    });
    expect(role!['rules']).toContainEqual({ nonResourceURLs: ['/healthz'], verbs: ['get'] });
    expect(binding!['subjects']).toEqual([{ kind: 'ServiceAccount', name, namespace: 'federation' }]);
    expect(binding!['roleRef']).toMatchObject({ kind: 'ClusterRole', name: role!.metadata.name });
  });
});
