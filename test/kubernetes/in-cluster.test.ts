import { describe, expect, it } from '@jest/globals';
import { answersIn, checkImageOf, inClusterJob, inClusterTargets } from '../../src/kubernetes/in-cluster.ts';
import { aSpec } from '../helpers/common/spec.ts';

const spec = aSpec({ clusters: ['member-1', 'member-2'], dns: true });
const servers = { 'member-1': 'https://10.0.0.1:6443', 'member-2': "https://10.0.0.2:6443/it's" };
const targets = inClusterTargets(spec, { servers, nameServers: ['10.0.0.53:53', 'ns1.example.'] });

describe('what is asked from the host cluster', () => {
  it('is every member by the address of the control plane, and the zone at each of its servers', () => {
    expect(targets.map(({ id }) => id)).toEqual([
      'in-cluster/member-1',
      'in-cluster/member-2',
      'in-cluster/dns/10.0.0.53:53',
      'in-cluster/dns/ns1.example.',
    ]);
    expect(targets[0]?.argv.at(-1)).toBe('https://10.0.0.1:6443/healthz');
    const slash = inClusterTargets(spec, { servers: { 'member-1': 'https://10.0.0.1:6443/' }, nameServers: [] });
    expect(slash.map(({ argv }) => argv.at(-1))).toEqual(['https://10.0.0.1:6443/healthz']);
    expect(targets[2]?.argv).toEqual(['nslookup', '-type=soa', 'federation.example.', '10.0.0.53']);
    expect(inClusterTargets({ clusters: spec.clusters }, { servers: {}, nameServers: ['1.1.1.1'] })).toEqual([]);
  });

  it('goes by a Job that ends and is removed by itself, has no rights, and quotes what it is given', () => {
    const about = {
      federation: 'myfederation',
      namespace: 'federation',
      name: 'fedctl-check-1',
      pullSecret: 'federation-image-pull',
    };
    const job = inClusterJob(spec, about, targets) as unknown as {
      spec: {
        ttlSecondsAfterFinished: number;
        activeDeadlineSeconds: number;
        template: { spec: { containers: { command: string[]; image: string }[]; [field: string]: unknown } };
      };
    };
    expect(job.spec).toMatchObject({ backoffLimit: 0, ttlSecondsAfterFinished: 30, activeDeadlineSeconds: 60 });
    const { containers, ...pod } = job.spec.template.spec;
    expect(pod).toMatchObject({
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      imagePullSecrets: [{ name: 'federation-image-pull' }],
      securityContext: { runAsNonRoot: true },
    });
    expect(containers[0]?.command[2]).toContain(`'https://10.0.0.2:6443/it'\\''s/healthz'`);
  });

  it('runs an image that has a mirror like any other', () => {
    expect(checkImageOf(spec)).toBe('docker.io/library/busybox:1.36.1');
    const mirrors = { 'docker.io': 'mirror.example:5000' };
    const at = checkImageOf(
      aSpec({ spec: { images: { ...spec.images, mirrors }, check: { image: 'docker.io/b/x:1' } } }),
    );
    expect(at).toMatch(/^mirror\.example:5000\/.*x:1$/);
  });
});

describe('the answers of the pod', () => {
  const log = [
    '0 0 ok',
    '1 1 wget: server returned error: HTTP/1.1 401 Unauthorized',
    "2 1 ** server can't find federation.example: REFUSED",
  ].join('\n');

  it('are ok where somebody answered, whoever may ask, and else what the program said', () => {
    expect(answersIn(log, targets).map(({ ok, message }) => [ok, message])).toEqual([
      [true, ''],
      [true, ''],
      [false, "** server can't find federation.example: REFUSED"],
      [false, 'the pod ended before it could ask'],
    ]);
  });
});
