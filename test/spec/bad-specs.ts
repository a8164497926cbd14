/** A spec that must be refused, and one problem it must name: `line:column path message-part`. */
export interface BadSpec {
  name: string;
  text: string;
  expect: string;
  /** Part of the hint of that problem. */
  hint?: string;
}

/** A good spec of 14 lines, to which a case adds its own below `spec:` (line 15 on). */
export const head = `apiVersion: fedctl/v1alpha1
kind: Federation
metadata:
  name: myfederation
spec:
  host:
    context: host
  images:
    apiserver:
      registry: gcr.io/google_containers
      version: v1.5.0
    controllerManager:
      registry: gcr.io/google_containers
      version: v1.5.0
`;
const under = (lines: string): string => head + lines.replace(/^\n/, '');
const swap = (from: string, to: string): string => {
  if (!head.includes(from)) throw new Error(`${from} is not in the good spec`);
  return head.replace(from, to);
};
const dns = (lines = ''): string =>
  under(`
  dns:
    provider: powerdns
    zone: federation.example.
    endpoint: http://10.0.0.53:8081
${lines}`);
const cluster = (lines: string): string =>
  under(`
  clusters:
    - name: member-1
      context: member-1
${lines}`);

const texts: BadSpec[] = [
  { name: 'an empty file', text: '', expect: '1:1  is empty' },
  { name: 'only comments', text: '# nothing\n---\n# yet\n', expect: '1:1  is empty' },
  { name: 'a list', text: '- a\n- b\n', expect: '1:1  is a list' },
  { name: 'a scalar', text: 'hello\n', expect: '1:1  is a single value' },
  { name: 'two documents', text: `${head}---\n${head}`, expect: '16:1  more than one YAML document' },
  { name: 'a binary file', text: '\0\x01ELF', expect: '1:1  not UTF-8 text' },
  { name: 'a file in Latin-1', text: `${head}# caf\uFFFD\n`, expect: '1:1  not UTF-8 text' },
  { name: 'a huge file', text: `${head}# ${'x'.repeat(1024 * 1024)}\n`, expect: '1:1  larger than 1 MiB' },
  { name: 'brackets without end', text: '['.repeat(100_000), expect: '1:1  nested too deep' },
  {
    name: 'a tab',
    text: 'apiVersion: fedctl/v1alpha1\nmetadata:\n\tname: x\n',
    expect: '3:1  is not valid YAML: tabs',
  },
  { name: 'a quote left open', text: 'apiVersion: "fedctl\n', expect: '2:1  is not valid YAML: missing closing' },
  { name: 'two colons', text: 'a: b: c\n', expect: '1:4  is not valid YAML: nested mappings' },
  { name: 'an anchor that is not there', text: `${head}  dns: *dns\n`, expect: '15:8  unresolved alias' },
  { name: 'an unknown tag', text: `${head}  dns: !vault x\n`, expect: '15:8  is not valid YAML: unresolved tag' },
  {
    name: 'an alias bomb',
    text: `a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]\n`,
    expect: '1:1  excessive alias count',
  },
  { name: 'an anchor within itself', text: 'spec: &a {host: *a}\n', expect: '1:17 spec.host refers to itself' },
  { name: 'bytes', text: under('  patches: [!!binary aGk=]\n'), expect: '15:22 spec.patches[0] a YAML tag' },
  {
    name: 'a key twice',
    text: under('  etcd: {storage: 1Gi}\n  etcd: {storage: 2Gi}\n'),
    expect: '16:3 spec.etcd appears twice',
    hint: 'keep one',
  },
  {
    name: 'a key twice in a list',
    text: cluster('      context: other\n'),
    expect: '18:7 spec.clusters[0].context appears twice',
  },
];

const kinds: BadSpec[] = [
  {
    name: 'a kubeconfig',
    text: 'apiVersion: v1\nkind: Config\nclusters: []\n',
    expect: '2:7 kind this file is a kubeconfig',
    hint: 'kind: Federation',
  },
  { name: 'another object', text: 'apiVersion: v1\nkind: Secret\n', expect: '2:7 kind this file is a Secret' },
  {
    name: 'another version',
    text: swap('v1alpha1', 'v1'),
    expect: '1:13 apiVersion "fedctl/v1" is not allowed',
    hint: 'must be fedctl/v1alpha1',
  },
  {
    name: 'no version',
    text: head.slice(28),
    expect: '1:1 apiVersion is missing',
    hint: 'apiVersion: fedctl/v1alpha1',
  },
  { name: 'no kind', text: swap('kind: Federation\n', ''), expect: '1:1 kind is missing', hint: 'kind: Federation' },
  {
    name: 'a kind with a typo',
    text: swap('Federation', 'federation'),
    expect: '2:7 kind "federation" is not allowed',
  },
  {
    name: 'no metadata',
    text: swap('metadata:\n  name: myfederation\n', ''),
    expect: '1:1 metadata is missing',
    hint: 'FEDERATION_NAME',
  },
  { name: 'metadata left empty', text: swap('  name: myfederation\n', ''), expect: '3:1 metadata is missing' },
  { name: 'no host', text: swap('  host:\n    context: host\n', ''), expect: '5:1 spec.host is missing' },
  {
    name: 'no context',
    text: swap('    context: host\n', '    namespace: x\n'),
    expect: '6:3 spec.host.context is missing',
    hint: 'get-contexts',
  },
  { name: 'an empty context', text: swap('context: host', 'context: ""'), expect: '7:14 spec.host.context is empty' },
];

const types: BadSpec[] = [
  {
    name: 'an unknown key',
    text: under('  etdc: {}\n'),
    expect: '15:3 spec.etdc is not a field',
    hint: 'did you mean etcd? allowed here: distribution, host',
  },
  {
    name: 'a key in the wrong case',
    text: under('  apiServer: {}\n'),
    expect: '15:3 spec.apiServer is not a field',
    hint: 'did you mean apiserver?',
  },
  {
    name: 'a key of another place',
    text: under('  zone: x\n'),
    expect: '15:3 spec.zone is not a field',
    hint: 'zone stands at spec.dns.zone',
  },
  {
    name: 'a key of no place',
    text: under('  frobnicate: x\n'),
    expect: '15:3 spec.frobnicate is not a field',
    hint: 'allowed here: distribution',
  },
  { name: 'a merge key', text: under('  <<: {a: 1}\n'), expect: '15:3 spec["<<"] is not a field' },
  {
    name: 'an unknown key of a cluster',
    text: cluster('      labls: {}\n'),
    expect: '18:7 spec.clusters[0].labls is not a field',
    hint: 'did you mean labels?',
  },
  {
    name: 'a version without quotes',
    text: swap('version: v1.5.0\n    controller', 'version: 1.10\n    controller'),
    expect: '11:16 spec.images.apiserver.version 1.10 is a number, not text',
    hint: 'quote it, "1.10"',
  },
  {
    name: 'a federation with a number for a name',
    text: swap('myfederation', '42'),
    expect: '4:9 metadata.name 42 is a number',
    hint: 'quote it',
  },
  {
    name: 'yes',
    text: dns('    createZone: yes\n'),
    expect: '19:17 spec.dns.createZone "yes" is text, not true or false',
    hint: 'YAML 1.2 reads yes as text: write true',
  },
  {
    name: 'off',
    text: dns('    createZone: off\n'),
    expect: '19:17 spec.dns.createZone "off" is text',
    hint: 'write false',
  },
  {
    name: 'true for a name',
    text: swap('context: host', 'context: true'),
    expect: '7:14 spec.host.context true is true or false, not text',
    hint: 'quote it, "true"',
  },
  {
    name: 'a flag that YAML rounds',
    text: under('  apiserver: {extraArgs: {min: 1.10}}\n'),
    expect: '15:32 spec.apiserver.extraArgs.min YAML reads 1.10 as the number 1.1',
    hint: '"1.10"',
  },
  {
    name: 'a flag in hexadecimal',
    text: under('  controllerManager: {extraArgs: {v: 0x1F}}\n'),
    expect: '15:38 spec.controllerManager.extraArgs.v YAML reads 0x1F',
  },
  {
    name: 'a list for a flag',
    text: under('  apiserver: {extraArgs: {v: [1]}}\n'),
    expect: '15:27 spec.apiserver.extraArgs.v a list where text',
  },
  {
    name: 'a word for a list',
    text: under('  apiserver: {command: hyperkube}\n'),
    expect: '15:24 spec.apiserver.command "hyperkube" is text, not a list',
    hint: '[hyperkube]',
  },
  {
    name: 'a mapping for a list',
    text: under('  clusters: {a: b}\n'),
    expect: '15:3 spec.clusters is a mapping, not a list',
  },
  {
    name: 'a list for the spec',
    text: 'apiVersion: fedctl/v1alpha1\nkind: Federation\nmetadata: {name: a}\nspec: []\n',
    expect: '4:1 spec is a list, not a mapping',
  },
  {
    name: 'a port in quotes',
    text: under('  apiserver: {serviceType: NodePort, nodePort: "30001"}\n'),
    expect: '15:48 spec.apiserver.nodePort "30001" is text',
    hint: 'without quotes: 30001',
  },
  {
    name: 'half a port',
    text: under('  apiserver: {serviceType: NodePort, nodePort: 30001.5}\n'),
    expect: '15:48 spec.apiserver.nodePort 30001.5 is a number, not a whole number',
  },
  {
    name: 'an enum with a typo',
    text: under('  apiserver: {serviceType: Nodeport}\n'),
    expect: '15:28 spec.apiserver.serviceType "Nodeport" is not allowed',
    hint: 'did you mean NodePort? one of LoadBalancer, NodePort',
  },
  {
    name: 'an enum far off',
    text: under('  apiserver: {serviceType: Ingress}\n'),
    expect: '15:28 spec.apiserver.serviceType "Ingress" is not allowed',
    hint: 'one of LoadBalancer, NodePort',
  },
  {
    name: 'a bad federation name',
    text: swap('myfederation', 'My_Federation'),
    expect: '4:9 metadata.name "My_Federation" must be a DNS-1123 label',
    hint: 'perhaps my-federation',
  },
  {
    name: 'a long federation name',
    text: swap('myfederation', 'a'.repeat(64)),
    expect: '4:9 metadata.name is longer than 63',
  },
  {
    name: 'a cluster name that starts with a digit',
    text: under('  clusters: [{name: 1st, context: a}]\n'),
    expect: '15:21 spec.clusters[0].name "1st" must be a DNS-1035 label',
  },
  {
    name: 'no joins at a time',
    text: under('  policy: {parallelJoins: 0}\n'),
    expect: '15:27 spec.policy.parallelJoins 0 is less than 1',
  },
  {
    name: 'too many joins at a time',
    text: under('  policy: {parallelJoins: 5000}\n'),
    expect: '15:27 spec.policy.parallelJoins 5000 is more than 1000',
  },
  {
    name: 'a wait without a unit',
    text: under('  policy: {waits: {reach: 10}}\n'),
    expect: '15:27 spec.policy.waits.reach 10 is a number',
    hint: '10s, 10m or 10h',
  },
  {
    name: 'a wait in weeks',
    text: under('  policy: {waits: {reach: 1w}}\n'),
    expect: '15:27 spec.policy.waits.reach "1w" must be a duration',
  },
];

const rules: BadSpec[] = [
  {
    name: 'no registry',
    text: swap(
      '      registry: gcr.io/google_containers\n      version: v1.5.0\n    contr',
      '      version: v1.5.0\n    contr',
    ),
    expect: '9:5 spec.images.apiserver.registry is missing',
    hint: 'FEDERATION_PUSH_REPO_BASE',
  },
  {
    name: 'no images',
    text: head.slice(0, head.indexOf('  images')),
    expect: '5:1 spec.images.controllerManager.version is missing',
    hint: 'images.build',
  },
  {
    name: 'a registry with a scheme',
    text: swap(
      'gcr.io/google_containers\n      version: v1.5.0\n    contr',
      'https://gcr.io\n      version: v1.5.0\n    contr',
    ),
    expect: '10:17 spec.images.apiserver.registry https://gcr.io is not a registry',
    hint: 'without a scheme',
  },
  {
    name: 'a tag with a slash',
    text: swap('version: v1.5.0\n    contr', 'version: v1/5\n    contr'),
    expect: '11:16 spec.images.apiserver.version v1/5 is not an image tag',
  },
  {
    name: 'an etcd image in capitals',
    text: under('    etcd: {image: Quay/Etcd}\n'),
    expect: '15:19 spec.images.etcd.image Quay/Etcd is not an image name',
  },
  {
    name: 'an insecure registry with a path',
    text: under('    insecureRegistries: [a.example/b]\n'),
    expect: '15:26 spec.images.insecureRegistries[0] a.example/b is not a registry',
  },
  {
    name: 'a mirror with a scheme',
    text: under('    mirrors: {quay.io: "http://a"}\n'),
    expect: '15:24 spec.images.mirrors["quay.io"] http://a is not a registry path',
  },
  {
    name: 'an empty word of a command',
    text: under('  apiserver: {command: [/hyperkube, ""]}\n'),
    expect: '15:37 spec.apiserver.command[1] is an empty argument',
  },
  {
    name: 'a flag with dashes',
    text: under('  apiserver: {extraArgs: {--v: 2}}\n'),
    expect: '15:27 spec.apiserver.extraArgs["--v"] --v is not a flag name',
    hint: 'without dashes: v',
  },
  {
    name: 'a flag with its value',
    text: under('  controllerManager: {extraArgs: {v=2: ""}}\n'),
    expect: '15:35 spec.controllerManager.extraArgs["v=2"] v=2 is not a flag name',
  },
  {
    name: 'a node port without NodePort',
    text: under('  apiserver: {nodePort: 30001}\n'),
    expect: '15:25 spec.apiserver.nodePort 30001 is not used',
    hint: 'serviceType: NodePort',
  },
  {
    name: 'a low node port',
    text: under('  apiserver: {serviceType: NodePort, nodePort: 8443}\n'),
    expect: '15:48 spec.apiserver.nodePort 8443 is out of range',
    hint: '30000 to 32767',
  },
  {
    name: 'a name to advertise',
    text: under('  apiserver: {advertiseAddress: api.example}\n'),
    expect: '15:33 spec.apiserver.advertiseAddress api.example is not an IP address',
  },
  {
    name: 'an address with a leading zero',
    text: under('  apiserver: {advertiseAddress: 10.0.0.01}\n'),
    expect: '15:33 spec.apiserver.advertiseAddress 10.0.0.01 is not an IP address',
  },
  {
    name: 'a service range without bits',
    text: under('  apiserver: {serviceClusterIPRange: 10.10.0.0}\n'),
    expect: '15:38 spec.apiserver.serviceClusterIPRange 10.10.0.0 is not a CIDR',
  },
  {
    name: 'three replicas',
    text: under('  apiserver: {replicas: 3}\n'),
    expect: '15:25 spec.apiserver.replicas 3 replicas cannot work',
    hint: 'etcd runs beside',
  },
  {
    name: 'ten gigs',
    text: under('  etcd: {storage: 10GB}\n'),
    expect: '15:19 spec.etcd.storage 10GB is not a volume size',
    hint: '10Gi',
  },
  {
    name: 'no storage',
    text: under('  etcd: {storage: 0Gi}\n'),
    expect: '15:19 spec.etcd.storage 0Gi is not a volume size',
  },
  {
    name: 'an empty storage class',
    text: under('  etcd: {storageClassName: ""}\n'),
    expect: '15:28 spec.etcd.storageClassName "" is not a StorageClass name',
    hint: 'leave it out',
  },
  {
    name: 'a patch for something else',
    text: under('  patches:\n    - {apiVersion: v1, kind: Secret, metadata: {name: x}}\n'),
    expect: '16:7 spec.patches[0] v1 Secret x is not an object that fedctl creates',
    hint: 'apps/v1 Deployment federation-apiserver',
  },
  {
    name: 'a patch without a name',
    text: under('  patches: [{apiVersion: v1, kind: Service}]\n'),
    expect: '15:13 spec.patches[0].metadata is missing',
  },
  {
    name: 'a zone with a space',
    text: dns().replace('federation.example.', 'my zone'),
    expect: '17:11 spec.dns.zone my zone is not a DNS name',
  },
  {
    name: 'a label too long',
    text: dns().replace('federation.example.', `${'a'.repeat(64)}.example`),
    expect: '17:11 spec.dns.zone is not a DNS name',
  },
  {
    name: 'a domain outside the zone',
    text: dns('    domain: other.example\n'),
    expect: '19:13 spec.dns.domain other.example is not inside the zone',
    hint: 'federation.example',
  },
  {
    name: 'a domain that only ends alike',
    text: dns('    domain: myfederation.example\n'),
    expect: '19:13 spec.dns.domain myfederation.example is not inside the zone',
  },
  {
    name: 'PowerDNS without its endpoint',
    text: under('  dns: {provider: powerdns, zone: a.example}\n'),
    expect: '15:3 spec.dns.endpoint is missing',
    hint: 'http://10.0.0.53:8081',
  },
  {
    name: 'an endpoint without a scheme',
    text: dns().replace('http://10.0.0.53:8081', '10.0.0.53'),
    expect: '18:15 spec.dns.endpoint "10.0.0.53" is not a URL',
  },
  {
    name: 'an endpoint by FTP',
    text: dns().replace('http:', 'ftp:'),
    expect: '18:15 spec.dns.endpoint ftp://10.0.0.53:8081 is neither',
  },
  {
    name: 'a resolver without a port',
    text: dns('    resolvers: [10.0.0.53]\n'),
    expect: '19:17 spec.dns.resolvers[0] 10.0.0.53 is not a resolver',
  },
  {
    name: 'a resolver with a name',
    text: dns("    resolvers: ['ns.example:53']\n"),
    expect: '19:17 spec.dns.resolvers[0] ns.example:53 is not a resolver',
  },
  {
    name: 'no zone',
    text: under('  dns: {provider: powerdns}\n'),
    expect: '15:3 spec.dns.zone is missing',
    hint: 'DNS_ZONE_NAME',
  },
  {
    name: 'a name twice',
    text: cluster('    - {name: member-1, context: b}\n'),
    expect: '18:14 spec.clusters[1].name the name member-1 belongs to spec.clusters[0]',
  },
  {
    name: 'a context twice',
    text: cluster('    - {name: b, context: member-1}\n'),
    expect: '18:26 spec.clusters[1].context the context member-1 belongs to spec.clusters[0]',
  },
  {
    name: 'a Secret twice',
    text: cluster('    - {name: b, context: b, secretRef: {name: member-1}}\n'),
    expect: '18:47 spec.clusters[1].secretRef.name the Secret member-1 belongs',
  },
  {
    name: 'a Secret in one word that is no name',
    text: cluster('      secretRef: Not_A_Name\n'),
    expect: '18:7 spec.clusters[0].secretRef.name',
  },
  {
    name: 'a Secret of the control plane',
    text: cluster('      secretRef: {name: federation-ca}\n'),
    expect: '18:25 spec.clusters[0].secretRef.name federation-ca is a Secret of the control plane',
  },
  {
    name: 'a cluster named like one',
    text: under('  clusters: [{name: federation-ca, context: a}]\n'),
    expect: '15:21 spec.clusters[0].name federation-ca is a Secret',
  },
  {
    name: 'no address for everybody',
    text: cluster('      serverAddresses: [{clientCIDR: 10.0.0.0/8, serverAddress: "https://a:1"}]\n'),
    expect: '18:7 spec.clusters[0].serverAddresses has no entry for every client',
    hint: '0.0.0.0/0',
  },
  {
    name: 'a CIDR with 33 bits',
    text: cluster('      serverAddresses: [{clientCIDR: 10.0.0.0/33, serverAddress: "https://a:1"}]\n'),
    expect: '18:38 spec.clusters[0].serverAddresses[0].clientCIDR 10.0.0.0/33 is not a CIDR',
  },
  {
    name: 'a server without TLS',
    text: cluster('      serverAddresses: [{clientCIDR: 0.0.0.0/0, serverAddress: "http://a:1"}]\n'),
    expect: '18:64 spec.clusters[0].serverAddresses[0].serverAddress http://a:1 is not https://',
  },
  {
    name: 'no addresses',
    text: cluster('      serverAddresses: []\n'),
    expect: '18:7 spec.clusters[0].serverAddresses is empty',
  },
  {
    name: 'a server twice',
    text: cluster(`      serverAddresses: [{clientCIDR: 0.0.0.0/0, serverAddress: "https://a/"}]
    - {name: b, context: b, serverAddresses: [{clientCIDR: 0.0.0.0/0, serverAddress: "https://A:443"}]}\n`),
    expect: '19:86 spec.clusters[1].serverAddresses[0].serverAddress https://A:443 is the server of spec.clusters[0]',
  },
  {
    name: 'a bad label',
    text: cluster('      labels: {zone: "a b"}\n'),
    expect: '18:22 spec.clusters[0].labels.zone a b is not a valid label value',
  },
  {
    name: 'a bad key of a label',
    text: cluster('      labels: {"a/b/c": x}\n'),
    expect: '18:16 spec.clusters[0].labels["a/b/c"] a/b/c is not a valid label key',
  },
  {
    name: 'a wait of nothing',
    text: under('  policy: {waits: {reach: 0s}}\n'),
    expect: '15:27 spec.policy.waits.reach is zero',
  },
  {
    name: 'a wait of months',
    text: under('  policy: {waits: {reach: 31d}}\n'),
    expect: '15:27 spec.policy.waits.reach is longer than 30d',
  },
  {
    name: 'blocked for years',
    text: under('  policy: {blockedFor: 366d}\n'),
    expect: '15:24 spec.policy.blockedFor is longer than 365d',
  },
  {
    name: 'karmada',
    text: under('  distribution: karmada\n'),
    expect: '15:17 spec.distribution karmada is not built yet',
  },
  {
    name: 'a bare top-level domain',
    text: dns().replace('federation.example.', 'com.'),
    expect: '17:11 spec.dns.zone com is a top-level domain',
    hint: 'federation.example.com',
  },
  {
    name: 'a public suffix',
    text: dns().replace('federation.example.', 'co.uk'),
    expect: '17:11 spec.dns.zone co.uk is a public suffix',
    hint: 'federation.example.co.uk',
  },
  {
    name: 'a public suffix of three labels',
    text: dns().replace('federation.example.', 'k12.ca.us'),
    expect: '17:11 spec.dns.zone k12.ca.us is a public suffix',
    hint: 'federation.example.k12.ca.us',
  },
  {
    name: 'a public suffix by a wildcard, with its dot',
    text: dns().replace('federation.example.', 'firma.ck.'),
    expect: '17:11 spec.dns.zone firma.ck is a public suffix',
    hint: 'federation.example.firma.ck',
  },
  {
    name: 'a zone with something after it',
    text: dns().replace('federation.example.', 'federation.example./'),
    expect: '17:11 spec.dns.zone federation.example./ is not a DNS name',
  },
  ...['bücher.example/x', 'bücher.example:53', 'a@bücher.example', 'bücher.example?x', 'bücher.example#x'].map(
    (zone) => ({
      name: `an internationalized zone with more to it: ${zone}`,
      text: dns().replace('federation.example.', `'${zone}'`),
      expect: `17:11 spec.dns.zone ${zone} is not a DNS name`,
    }),
  ),
  {
    name: 'an address as a zone',
    text: dns().replace('federation.example.', '10.0.0.1'),
    expect: '17:11 spec.dns.zone 10.0.0.1 is an address, not a name',
    hint: 'federation.example.',
  },
  {
    name: 'a zone that ends in a number',
    text: dns().replace('federation.example.', 'example.42.'),
    expect: '17:11 spec.dns.zone example.42 is not a DNS name',
  },
  {
    name: 'a private zone of PowerDNS',
    text: dns('    visibility: private\n'),
    expect: '19:17 spec.dns.visibility powerdns has no private zones',
  },
  {
    name: 'a private zone without a network',
    text: under('  dns: {provider: google-clouddns, zone: a.example, visibility: private}\n'),
    expect: '15:65 spec.dns.visibility a private zone needs dns.network',
    hint: 'network: default',
  },
  {
    name: 'a network that is no VPC',
    text: under('  dns: {provider: aws-route53, zone: a.example, visibility: private, network: default}\n'),
    expect: '15:79 spec.dns.network default is not a VPC id',
  },
  {
    name: 'a VPC without its region',
    text: under('  dns: {provider: aws-route53, zone: a.example, visibility: private, network: vpc-12}\n'),
    expect: '15:79 spec.dns.network vpc-12 needs dns.region',
  },
  {
    name: 'a network of a public zone',
    text: under('  dns: {provider: aws-route53, zone: a.example, network: vpc-12}\n'),
    expect: '15:58 spec.dns.network vpc-12 is for private zones only',
  },
  {
    name: 'a project of another provider',
    text: under('  dns: {provider: aws-route53, zone: a.example, project: my-project}\n'),
    expect: '15:49 spec.dns.project is of google-clouddns, but dns.provider is aws-route53',
    hint: 'remove it',
  },
  {
    name: 'the number of a project',
    text: under('  dns: {provider: google-clouddns, zone: a.example, project: "123456789012"}\n'),
    expect: '15:62 spec.dns.project 123456789012 is not a project id',
    hint: 'gcloud projects list',
  },
  {
    name: 'no tag to use where it is there',
    text: swap(
      '  images:\n',
      '  images:\n    build: {source: ., binaries: [make], push: {registry: r.example, ifThere: use}}\n',
    ),
    expect: '9:79 spec.images.build.push.ifThere use needs a tag to look for',
    hint: 'images.build.push.tag',
  },
];

export const badSpecs: readonly BadSpec[] = [...texts, ...kinds, ...types, ...rules];
