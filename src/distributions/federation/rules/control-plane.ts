import type { Parts } from '../../../spec/parts.ts';
import type { Finding, Path } from '../../../spec/problem.ts';
import type { Spec } from '../../../spec/schema.ts';
import { isCidr, isDnsName, isIp, isStorageSize } from '../../../spec/texts.ts';
import { emptyWords, flagNames } from '../../../spec/rules/words.ts';

/** What is wrong with federation-apiserver, federation-controller-manager and etcd. */
export const controlPlaneRules = ({ spec }: Parts): Finding[] => [
  ...(spec.apiserver ? apiserverRules(spec.apiserver) : []),
  ...(spec.controllerManager ? controllerManagerRules(spec.controllerManager) : []),
  ...(spec.etcd ? etcdRules(spec.etcd) : []),
];

const ofApiserver = (...rest: Path): Path => ['spec', 'apiserver', ...rest];

function apiserverRules(apiserver: Spec['apiserver']): Finding[] {
  const { advertiseAddress, serviceClusterIPRange, replicas } = apiserver;
  const findings: Finding[] = [...nodePortRules(apiserver)];
  if (advertiseAddress !== undefined && !isIp(advertiseAddress))
    findings.push({
      path: ofApiserver('advertiseAddress'),
      message: `${advertiseAddress} is not an IP address`,
      hint: '--advertise-address takes no names; leave it out and the Service gives the address',
    });
  if (!isCidr(serviceClusterIPRange))
    findings.push({
      path: ofApiserver('serviceClusterIPRange'),
      message: `${serviceClusterIPRange} is not a CIDR`,
      hint: 'write it like 10.10.0.0/24',
    });
  if (replicas > 1)
    findings.push({
      path: ofApiserver('replicas'),
      message: `${replicas} replicas cannot work`,
      hint: 'write 1: etcd runs beside the API in its pod, on a volume that one pod at a time may write',
    });
  return [
    ...findings,
    ...emptyWords(ofApiserver('command'), apiserver.command),
    ...flagNames(ofApiserver('extraArgs'), apiserver.extraArgs),
  ];
}

function nodePortRules({ serviceType, nodePort }: Spec['apiserver']): Finding[] {
  if (nodePort === undefined) return [];
  const path = ofApiserver('nodePort');
  if (serviceType !== 'NodePort')
    return [
      { path, message: `${nodePort} is not used with serviceType ${serviceType}`, hint: 'write serviceType: NodePort' },
    ];
  if (nodePort >= 30000 && nodePort <= 32767) return [];
  return [{ path, message: `${nodePort} is out of range`, hint: 'the range of node ports is 30000 to 32767' }];
}

const controllerManagerRules = ({ command, extraArgs }: Spec['controllerManager']): Finding[] => [
  ...emptyWords(['spec', 'controllerManager', 'command'], command),
  ...flagNames(['spec', 'controllerManager', 'extraArgs'], extraArgs),
];

function etcdRules({ storage, storageClassName }: Spec['etcd']): Finding[] {
  const findings: Finding[] = [];
  if (!isStorageSize(storage))
    findings.push({
      path: ['spec', 'etcd', 'storage'],
      message: `${storage} is not a volume size`,
      hint: 'a Kubernetes quantity: 10Gi, 500Mi',
    });
  if (storageClassName !== undefined && !isDnsName(storageClassName))
    findings.push({
      path: ['spec', 'etcd', 'storageClassName'],
      message: `${JSON.stringify(storageClassName)} is not a StorageClass name`,
      hint: 'leave it out for the default class; see those there are: kubectl get storageclasses',
    });
  return findings;
}
