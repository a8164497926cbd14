import { stringify } from 'yaml';
import { distributionOf } from '../../distributions/table.ts';
import type { ChartKey } from '../../spec/part.ts';
import { defaultNamespace } from '../../kubernetes/names.ts';
import { dotted } from '../../spec/problem.ts';

/** What `fedctl init` was told; what is left out stands in the file as a comment, or not at all. */
export interface Answers {
  /** Left out where values.yaml has it. */
  name?: string;
  hostContext: string;
  namespace?: string;
  image?: { registry: string; name?: string; version: string };
  /** Folder of the source to build the image from, and where to push it. */
  build?: { source: string; push?: string };
  zone?: string;
  provider?: string;
  /** URL of the PowerDNS API. */
  endpoint?: string;
  members: readonly { name: string; context: string }[];
}

/** The answers as a commented federation.yaml. */
export const federationText = (answers: Answers): string =>
  [
    '# A federation of Kubernetes clusters, for: fedctl up -f federation.yaml',
    '# Every field there is: docs/spec.md of fedctl. What this file leaves out is filled from values.yaml in',
    "# $FEDERATION_OUTPUT_ROOT, then from the guide's environment variables (docs/chart-keys.md), then by defaults.",
    'apiVersion: fedctl/v1alpha1',
    'kind: Federation',
    ...nameLines(answers),
    'spec:',
    "  # The cluster that runs the control plane. Contexts and files of this spec are those of the worker's machine.",
    '  host:',
    `    context: ${scalar(answers.hostContext)} # its name in the kubeconfig`,
    answers.namespace === undefined
      ? `    # namespace: ${defaultNamespace} # created if it does not exist`
      : `    namespace: ${scalar(answers.namespace)} # created if it does not exist`,
    '',
    ...imageLines(answers),
    '',
    '  # apiserver:',
    '  #   serviceType: LoadBalancer # how the API is reached from outside; NodePort where there is no load balancer',
    '  # etcd:',
    '  #   storage: 10Gi # size of its claim',
    "  #   storageClassName: standard # default: the cluster's default class",
    '',
    ...dnsLines(answers),
    '',
    ...clusterLines(answers.members),
    '',
  ].join('\n');

/** A value as YAML writes it on one line, quoted where it must be. */
const scalar = (value: string): string => stringify(value, { lineWidth: 0 }).trimEnd();

const nameLines = ({ name }: Answers): string[] =>
  name === undefined
    ? ['metadata: {} # its name is controllerManagerFederationName of values.yaml']
    : ['metadata:', `  name: ${scalar(name)} # appears in DNS routes: myservice.mynamespace.NAME.svc.<domain>`];

const { words } = distributionOf({});
const { anchor } = words;

function imageLines({ image, build }: Answers): string[] {
  if (build) return buildLines(build);
  if (!image)
    return [
      '  # Images of the control plane: here, or the four keys of values.yaml, or FEDERATION_PUSH_REPO_BASE and',
      '  # FEDERATION_IMAGE_TAG in the environment.',
      '  # images:',
      `  #   apiserver: &${anchor}`,
      '  #     registry: gcr.io/google_containers',
      '  #     version: v1.4.0',
      `  #   controllerManager: *${anchor}`,
    ];
  return [
    '  images: # both programs are in one image',
    `    apiserver: &${anchor}`,
    `      registry: ${scalar(image.registry)}`,
    ...(image.name === undefined ? [] : [`      name: ${scalar(image.name)}`]),
    `      version: ${scalar(image.version)} # a tag, or a digest`,
    `    controllerManager: *${anchor}`,
  ];
}

const buildLines = ({ source, push }: { source: string; push?: string }): string[] => [
  '  images:',
  '    build: # with it the run makes the images, and writes where they are into values.yaml',
  `      source: ${scalar(source)} # relative to this file`,
  `      binaries: [${words.build}] # run in it, before the image is built`,
  '      # dockerfile: Dockerfile # relative to the source folder',
  ...(push === undefined
    ? ['      # push: # or KUBE_REGISTRY in the environment', '      #   registry: registry.example:5000/federation']
    : ['      push:', `        registry: ${scalar(push)} # the nodes of the host pull from it`]),
];

function dnsLines({ zone, provider, endpoint }: Answers): string[] {
  if (zone === undefined)
    return [
      '  # Left out, the names of federated services are yours to route. DNS_ZONE_NAME in the environment asks for it too.',
      '  # dns:',
      '  #   zone: federation.example. # where the records of federated services go',
      '  #   provider: powerdns # google-clouddns, aws-route53',
    ];
  return [
    '  dns:',
    `    zone: ${scalar(zone)} # where the records of federated services go`,
    provider === undefined
      ? '    # provider: powerdns # google-clouddns, aws-route53; or FEDERATION_DNS_PROVIDER in the environment'
      : `    provider: ${scalar(provider)}`,
    ...(endpoint === undefined ? [] : [`    endpoint: ${scalar(endpoint)} # the API of PowerDNS`]),
    '    # createZone: true # false: a zone that is not there is an error',
    '    # delegation: warn # require: wait until the parent zone refers to it; ignore: do not look',
  ];
}

const clusterLines = (members: readonly { name: string; context: string }[]): string[] =>
  members.length === 0
    ? [
        '  clusters: [] # fedctl join adds them later, or so:',
        '  # - name: member-1 # as the federation knows it',
        '  #   context: member-1 # as the kubeconfig knows it',
      ]
    : [
        '  clusters:',
        ...members.flatMap(({ name, context }) => [
          `    - name: ${scalar(name)} # as the federation knows it`,
          `      context: ${scalar(context)} # as the kubeconfig knows it`,
        ]),
      ];

/** What stands where the chart of 2016 had its own default, by key. */
const chartExamples: Readonly<Record<string, string>> = {
  namespace: defaultNamespace,
  apiserverRegistry: 'gcr.io/google_containers',
  apiserverVersion: 'v1.4.0',
  apiserverServiceCIDR: '10.10.0.0/24',
  controllerManagerRegistry: 'gcr.io/google_containers',
  controllerManagerVersion: 'v1.4.0',
  controllerManagerDNSProvider: 'google-clouddns',
  controllerManagerFederationName: 'federation',
  controllerManagerDNSZone: 'federation.example',
};

/** A values.yaml that says nothing yet: every key of the chart that fills a field, as a comment. */
export const valuesText = (): string =>
  [
    '# Values of the federation chart. They fill what federation.yaml leaves out; take the # away to set one.',
    '# A value that both files have, and not alike, is an error that names both places. All keys: docs/chart-keys.md',
    ...Object.entries(distributionOf({}).spec.chart ?? {}).flatMap(([key, about]) => commented(key, about)),
    '',
  ].join('\n');

const commented = (key: string, about: ChartKey): string[] =>
  'field' in about ? [`# ${key}: ${scalar(chartExamples[key] ?? '')} # ${dotted(about.field)}`] : [];
