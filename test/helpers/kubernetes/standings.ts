import { componentOf, type Standing } from '../../../src/status/standing.ts';
import { ago } from '../terminal/pictures.ts';

const digest = (hex: string): string => `sha256:${hex.repeat(64)}`;
const image = (hex: string): string => `registry.example:5000/hyperkube-amd64:v1.5.0@${digest(hex)}`;
const day = 86_400;
const inDays = (days: number): string => ago(-days * day - 60);

/** A federation whose control plane, members, zone and certificates are as they should be. */
const whole: Standing = {
  federation: 'myfederation',
  readAt: ago(0),
  host: { context: 'host', namespace: 'federation', server: 'https://10.88.0.2:6443', version: 'v1.36.3' },
  phase: 'up',
  writtenBy: '01932e5c-7b1f-7b0e-a2e6-0f1c7d1b8f11',
  writtenAt: ago(3_600),
  address: 'https://10.88.0.200',
  components: [
    {
      name: 'federation-apiserver',
      hasAddress: true,
      ready: true,
      why: null,
      images: [
        { container: 'apiserver', image: image('1'), digest: digest('1') },
        { container: 'etcd', image: 'registry.example:5000/etcd:3.6', digest: digest('2') },
      ],
    },
    {
      name: 'federation-controller-manager',
      ready: true,
      why: null,
      images: [{ container: 'controller-manager', image: image('1'), digest: digest('1') }],
    },
  ],
  members: ['member-1', 'member-2', 'member-3'].map((name, at) => ({
    name,
    context: name,
    server: `https://10.88.0.1:3276${at}`,
    ready: true,
    why: null,
    clusterDns: 'told',
    clusterDnsWhy: null,
  })),
  zone: {
    name: 'federation.example.',
    provider: 'powerdns',
    stands: true,
    made: true,
    nameServers: ['ns1.federation.example.'],
    why: null,
  },
  certificates: [
    { secret: 'federation-ca', expires: inDays(3_649), why: null },
    { secret: 'federation-apiserver-credentials', expires: inDays(364), why: null },
    { secret: 'federation-controller-manager-kubeconfig', expires: inDays(364), why: null },
    { secret: 'federation-admin-kubeconfig', expires: inDays(364), why: null },
  ],
};

/** All kinds of trouble at once: a Deployment that does not roll out, members away, a zone that is gone, certificates old. */
const ill: Standing = {
  ...whole,
  components: [
    {
      ...whole.components[0]!,
      ready: false,
      why: '0 of 1 pods of federation-apiserver are available',
      images: [{ container: 'apiserver', image: image('1'), digest: null }],
    },
    { ...componentOf('federation-controller-manager', undefined, []) },
  ],
  members: [
    { ...whole.members[0]!, clusterDns: 'untold' },
    {
      ...whole.members[1]!,
      ready: false,
      why: 'the control plane cannot reach https://10.88.0.1:32761 (ClusterNotReachable: cluster is not reachable)',
      clusterDns: 'unknown',
      clusterDnsWhy:
        'https://10.88.0.1:32761 did not answer within 3 s (GET /api/v1/namespaces/kube-system/pods) (UNREACHABLE)',
    },
    { ...whole.members[2]!, context: null, clusterDns: 'skip' },
  ],
  zone: { ...whole.zone!, stands: false, made: false, nameServers: [], why: 'the provider has no such zone' },
  certificates: [
    whole.certificates[0]!,
    { ...whole.certificates[1]!, expires: inDays(12) },
    { ...whole.certificates[2]!, expires: ago(3_600) },
    { ...whole.certificates[3]!, expires: null, why: 'not created yet' },
  ],
};

/** A host that answered for its record alone. */
const late = 'https://10.88.0.2:6443 did not answer within 3 s';
const silent: Standing = {
  ...whole,
  phase: 'turning-up',
  host: { ...whole.host, version: null },
  address: null,
  components: whole.components.map((component) => ({ ...component, ready: null, why: late, images: [] })),
  members: whole.members.map((member) => ({
    ...member,
    server: null,
    ready: null,
    why: 'the federation API did not answer within 3 s',
    clusterDns: 'unknown',
    clusterDnsWhy: `no context ${member.name} in ~/.kube/config; contexts there: none (CONTEXT_NOT_FOUND)`,
  })),
  zone: {
    ...whole.zone!,
    stands: null,
    made: false,
    nameServers: [],
    why: 'dns.credentialsFile is not set, and neither is PDNS_API_KEY_FILE of the worker (DNS_CREDENTIALS_MISSING)',
  },
  certificates: whole.certificates.map(({ secret }) => ({ secret, expires: null, why: late })),
};

/** Thirty members, of which one is away; no DNS. */
const fleet: Standing = {
  ...whole,
  zone: null,
  members: Array.from({ length: 30 }, (_, at) => ({
    ...whole.members[0]!,
    name: `member-${String(at + 1).padStart(2, '0')}`,
    ready: at !== 20,
    why: at === 20 ? 'the control plane cannot reach https://10.0.0.21:6443' : null,
    clusterDns: 'skip' as const,
  })),
};

/** Every shape of what stands, by name. */
export const standings = { whole, ill, silent, fleet } as const satisfies Record<string, Standing>;
