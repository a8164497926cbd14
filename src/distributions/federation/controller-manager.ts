import type { KubeObject } from '../../kubernetes/objects.ts';
import type { Target } from '../../control-plane/target.ts';
import { annotations } from '../../kubernetes/names.ts';
import { federationsAnnotation, names } from './names.ts';
import type { Spec } from '../../spec/schema.ts';
import { knowsZoneId, renderFlags } from './flags.ts';
import {
  containerSecurity,
  controlPlaneObject,
  moduleLabels,
  podSecurity,
  pullSecrets,
  type Resources,
  tcpProbe,
  logAsTerminationMessage,
} from './objects.ts';

/** DNS providers that federation-controller-manager itself knows (measured, kubernetes/federation@804bb9f). */
export const knownDnsProviders: readonly string[] = ['azure-azuredns', 'aws-route53', 'coredns', 'google-clouddns'];

const kubeconfigFolder = '/etc/federation/controller-manager';
const dnsFolder = '/etc/federation/dns-provider';
const dnsConfigFile = `${dnsFolder}/${names.dnsProviderConfig}`;
/** Port of /healthz and /metrics: `--port` of federation-controller-manager, 10253 by default. */
const statusPort = ({ extraArgs }: Spec['controllerManager']): number =>
  Number(extraArgs['port'] ?? extraArgs['--port'] ?? 10253);

const resources: Resources = {
  requests: { cpu: '50m', memory: '64Mi' },
  limits: { cpu: '1', memory: '512Mi' },
};

/** ServiceAccount, Role and RoleBinding: the rights to read the members' credentials, in this namespace only. */
export function controllerManagerRbac(target: Target): KubeObject[] {
  const name = names.controllerManager;
  const rbac = 'rbac.authorization.k8s.io';
  return [
    controlPlaneObject(target, { apiVersion: 'v1', kind: 'ServiceAccount', name }, {}),
    controlPlaneObject(
      target,
      { apiVersion: `${rbac}/v1`, kind: 'Role', name },
      { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] }] },
    ),
    controlPlaneObject(
      target,
      { apiVersion: `${rbac}/v1`, kind: 'RoleBinding', name },
      {
        roleRef: { apiGroup: rbac, kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace: target.namespace }],
      },
    ),
  ];
}

/** What the Deployment federation-controller-manager is made of. */
export interface ControllerManagerInput {
  controllerManager: Spec['controllerManager'];
  images: Pick<Spec['images'], 'pullSecret' | 'controllerManager'>;
  dns: Pick<NonNullable<Spec['dns']>, 'provider' | 'zone' | 'domain'> | undefined;
  /** Reference as the pod pulls it, and its tag. */
  image: string;
  version: string;
  /** The zone as the control plane's own controller calls it; absent where nobody told of one. */
  controllerZone?: string | undefined;
  /** True when the Secret with the DNS settings also holds a key file of Google. */
  dnsKey?: boolean | undefined;
  /** resourceVersion of its kubeconfig's Secret. */
  secretVersion: string;
  /** The same of the Secret with the DNS settings; absent without one. */
  dnsSecretVersion?: string | undefined;
}

/**
 * The provider that the control plane itself writes records with: what the spec says, or the spec's own provider when
 * the control plane knows it. Undefined: its service controller stays off.
 */
export function dnsProviderOf({ controllerManager, dns }: ControllerManagerInput): string | undefined {
  if (controllerManager.dnsProvider) return controllerManager.dnsProvider;
  return dns && knownDnsProviders.includes(dns.provider) ? dns.provider : undefined;
}

const bare = (name: string): string => name.replace(/\.+$/, '').toLowerCase();

/** Where the names of federated services end, when that is not the zone itself. */
const suffixOf = ({ dns }: ControllerManagerInput): string | undefined =>
  dns && bare(dns.domain) !== bare(dns.zone) ? bare(dns.domain) : undefined;

/**
 * Id of the zone, which tells it from others of its name. Without it the controller gives up on two zones of one name,
 * and with one that is of no zone it makes another: only that of the zone which it will find at the same provider.
 */
function zoneIdOf(input: ControllerManagerInput, provider: string | undefined): string | undefined {
  const { name } = input.images.controllerManager;
  if (!provider || provider !== input.dns?.provider || !knowsZoneId({ name, version: input.version })) return undefined;
  return input.controllerZone;
}

/** Arguments of federation-controller-manager: those of kubefed init, and what its zone needs. */
export function controllerManagerArguments(target: Target, input: ControllerManagerInput): string[] {
  const provider = dnsProviderOf(input);
  // The provider for Route 53 reads no settings: it has the chain of the AWS SDK.
  const config = provider && provider !== 'aws-route53' && input.controllerManager.dnsProviderConfigFile;
  return renderFlags(
    {
      // Without a provider the flag must be absent and the service controller off, or the process ends at once.
      controllers: provider ? undefined : 'service-dns=false',
      'dns-provider': provider,
      'dns-provider-config': config ? dnsConfigFile : undefined,
      'federation-name': target.federation,
      kubeconfig: `${kubeconfigFolder}/kubeconfig`,
      master: `https://${names.apiserver}`,
      'service-dns-suffix': suffixOf(input),
      'zone-id': zoneIdOf(input, provider),
      'zone-name': input.dns?.zone,
    },
    input.controllerManager.extraArgs,
  );
}

const volumesOf = (input: ControllerManagerInput): { name: string; mountPath: string; secretName: string }[] => [
  { name: 'kubeconfig', mountPath: kubeconfigFolder, secretName: names.controllerManagerKubeconfig },
  ...(input.controllerManager.dnsProviderConfigFile
    ? [{ name: 'dns-provider', mountPath: dnsFolder, secretName: names.dnsProviderConfig }]
    : []),
];

/** Where the SDKs of the providers look for the credentials that the Secret holds. */
function credentialsEnv(input: ControllerManagerInput): { name: string; value: string }[] {
  const provider = dnsProviderOf(input);
  if (!input.controllerManager.dnsProviderConfigFile) return [];
  if (provider === 'aws-route53') return [{ name: 'AWS_SHARED_CREDENTIALS_FILE', value: dnsConfigFile }];
  const key = { name: 'GOOGLE_APPLICATION_CREDENTIALS', value: `${dnsFolder}/${names.dnsProviderKey}` };
  return provider === 'google-clouddns' && input.dnsKey ? [key] : [];
}

const container = (target: Target, input: ControllerManagerInput): object => ({
  name: 'controller-manager',
  image: input.image,
  command: input.controllerManager.command,
  args: controllerManagerArguments(target, input),
  // It reads Secrets of the namespace named here, with the rights of its ServiceAccount.
  env: [
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    ...credentialsEnv(input),
  ],
  ports: [{ name: 'status', containerPort: statusPort(input.controllerManager), protocol: 'TCP' }],
  readinessProbe: tcpProbe('status', { periodSeconds: 2, failureThreshold: 3 }),
  livenessProbe: tcpProbe('status', { periodSeconds: 10, failureThreshold: 6 }),
  resources,
  securityContext: containerSecurity,
  ...logAsTerminationMessage,
  volumeMounts: volumesOf(input).map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
});

/** `federations=<name>=<domain>`: what `kubefed join` reads, and writes into cluster DNS; no zone, no annotation. */
const federations = (target: Target, input: ControllerManagerInput): Record<string, string> =>
  input.dns ? { [federationsAnnotation]: `${target.federation}=${bare(input.dns.domain)}` } : {};

/** Of all that the pod reads at its start: another version of any of it rolls the pod. */
const versionsOf = ({ secretVersion, dnsSecretVersion }: ControllerManagerInput): string =>
  dnsSecretVersion ? `${secretVersion}.${dnsSecretVersion}` : secretVersion;

/** Deployment federation-controller-manager: probes the members and spreads what is federated. */
export function controllerManagerDeployment(target: Target, input: ControllerManagerInput): KubeObject {
  const labels = moduleLabels(names.controllerManager);
  const pod = {
    serviceAccountName: names.controllerManager,
    enableServiceLinks: false,
    securityContext: podSecurity,
    ...pullSecrets(input.images.pullSecret && names.pullSecret),
    containers: [container(target, input)],
    volumes: volumesOf(input).map(({ name, secretName }) => ({ name, secret: { secretName } })),
  };
  const spec = {
    replicas: 1,
    revisionHistoryLimit: 3,
    // Two of them would write the same objects: leader election is off by default.
    strategy: { type: 'Recreate' },
    selector: { matchLabels: labels },
    template: { metadata: { labels, annotations: { [annotations.credentials]: versionsOf(input) } }, spec: pod },
  };
  const kind = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: names.controllerManager,
    module: names.controllerManager,
    annotations: federations(target, input),
  };
  return controlPlaneObject(target, kind, { spec });
}
