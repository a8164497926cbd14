import type { KubeObject } from './objects.ts';
import { formatReference, mirrored, parseReference } from '../images/reference.ts';
import { fieldManager, labels } from './names.ts';

/** One thing that a pod in the host cluster asks. */
export interface InClusterTarget {
  /** Of the check: `in-cluster/<member>` or `in-cluster/dns/<server>`. */
  id: string;
  /** For people: whom it asks. */
  title: string;
  /** Program and arguments in the pod. */
  argv: string[];
}

/** What came of one. */
export interface InClusterAnswer extends InClusterTarget {
  ok: boolean;
  /** In the words of the program that asked. */
  message: string;
}

/** The part of a spec that names the pod's image. */
interface CheckSpec {
  check: { image: string };
  /** A distribution may have none. */
  images?: { mirrors: Readonly<Record<string, string>> };
}

/** s that one question may take, and that the whole pod may live. */
const secondsEach = 5;
const secondsAll = 60;

/** The members' /healthz by the address that the control plane will use, and the SOA of the zone at each of its servers. */
export function inClusterTargets(
  { clusters, dns }: { clusters: readonly { name: string }[]; dns?: { zone: string } | undefined },
  found: { servers: Readonly<Record<string, string>>; nameServers: readonly string[] },
): InClusterTarget[] {
  const members = clusters.flatMap(({ name }) => {
    const server = found.servers[name]?.replace(/\/+$/, '');
    if (!server) return [];
    const argv = ['wget', '-q', '-O', '-', '--no-check-certificate', '-T', String(secondsEach), `${server}/healthz`];
    return [{ id: `in-cluster/${name}`, title: `${name} at ${server}`, argv }];
  });
  const servers = dns ? found.nameServers : [];
  return [
    ...members,
    ...servers.map((server) => ({
      id: `in-cluster/dns/${server}`,
      title: `zone ${dns?.zone ?? ''} at ${server}`,
      argv: ['nslookup', '-type=soa', dns?.zone ?? '', server.replace(/:53$/, '')],
    })),
  ];
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** All at once, a line a question: its number, the exit code, and what was said, on one line. */
const script = (targets: readonly InClusterTarget[]): string =>
  [
    ...targets.map(({ argv }, at) => {
      const ask = argv.map(quoted).join(' ');
      return `(said=$(${ask} 2>&1); code=$?; echo "${at} $code $(echo "$said" | tr '\\n' ' ')") &`;
    }),
    'wait',
  ].join('\n');

/**
 * A Job whose one pod asks all targets once. It ends by itself within a minute, and the host cluster removes it and its
 * pod half a minute later, whoever was killed meanwhile. Label `fedctl/check` holds the federation's name.
 */
export function inClusterJob(
  spec: CheckSpec,
  about: { federation: string; namespace: string; name: string; pullSecret?: string | undefined },
  targets: readonly InClusterTarget[],
): KubeObject {
  const labelled = { [labels.managedBy]: fieldManager, [labels.check]: about.federation };
  const limits = { cpu: '200m', memory: '64Mi' };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: about.name, namespace: about.namespace, labels: labelled },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: secondsAll,
      ttlSecondsAfterFinished: 30,
      template: {
        metadata: { labels: labelled },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } },
          ...(about.pullSecret ? { imagePullSecrets: [{ name: about.pullSecret }] } : {}),
          containers: [
            {
              name: 'check',
              image: checkImageOf(spec),
              command: ['sh', '-c', script(targets)],
              resources: { requests: { cpu: '10m', memory: '16Mi' }, limits },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            },
          ],
        },
      },
    },
  };
}

/** `spec.check.image`, at its mirror where it has one. */
export function checkImageOf({ check, images }: CheckSpec): string {
  const reference = parseReference(check.image);
  const place = reference && mirrored(reference, images?.mirrors ?? {});
  return place ? formatReference(place) : check.image;
}

/** A server that wants to know who asks has been reached all the same. */
const reached = /HTTP\/\d\S* (401|403)/;

/** The pod's log, read again. A target without a line was not asked. */
export function answersIn(log: string, targets: readonly InClusterTarget[]): InClusterAnswer[] {
  const lines = log.split('\n').flatMap((line) => {
    const match = /^(\d+) (\d+) (.*)$/.exec(line);
    return match ? [{ at: Number(match[1]), code: Number(match[2]), said: (match[3] ?? '').trim() }] : [];
  });
  return targets.map((target, at) => {
    const line = lines.find((one) => one.at === at);
    if (!line) return { ...target, ok: false, message: 'the pod ended before it could ask' };
    const ok = line.code === 0 || reached.test(line.said);
    return { ...target, ok, message: ok ? '' : line.said || `exit code ${line.code}` };
  });
}
