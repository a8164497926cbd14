import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { defaultTaskQueue } from '../../src/run/input.ts';

interface Worker {
  metadata: { name: string };
  spec: {
    selector: { matchLabels: object };
    template: {
      metadata: { labels: object };
      spec: {
        serviceAccountName: string;
        automountServiceAccountToken: boolean;
        terminationGracePeriodSeconds: number;
        securityContext: object;
        containers: {
          image: string;
          env: { name: string; value: string }[];
          securityContext: object;
          readinessProbe: { exec: { command: string[] } };
          volumeMounts: { name: string; mountPath: string }[];
        }[];
        volumes: { name: string }[];
      };
    };
  };
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const folder = 'deploy/kubernetes';
const kustomization = parse(text(`${folder}/kustomization.yaml`)) as {
  namespace: string;
  resources: string[];
  images: { name: string; newTag: string }[];
};
const worker = parse(text(`${folder}/worker.yaml`)) as Worker;
const compose = parse(text('docker-compose.yml')) as {
  services: { worker: { image: string; environment: Record<string, string>; stop_grace_period: string } };
};
const pod = worker.spec.template.spec;
const container = pod.containers[0];
const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));

describe('deploy/kubernetes', () => {
  it('lists manifests that are there, and pins the image that compose builds', () => {
    expect(kustomization.resources.filter((name) => !existsSync(join(root, folder, name)))).toEqual([]);
    const image = kustomization.images.find(({ name }) => name === container?.image);
    expect(`${image?.name}:${image?.newTag}`).toBe(compose.services.worker.image);
    const { version } = JSON.parse(text('package.json')) as { version: string };
    expect(image?.newTag).toBe(version);
  });

  it('gives a worker longer to end than it gives its steps, and so does compose', () => {
    const graceMs = Number(/graceMs = ([\d_]+);/.exec(text('worker/main.ts'))?.[1]?.replaceAll('_', ''));
    expect(graceMs).toBeGreaterThan(0);
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(graceMs);
    expect(Number(/^(\d+)s$/.exec(compose.services.worker.stop_grace_period)?.[1]) * 1000).toBeGreaterThan(graceMs);
  });

  it('meets the restricted pod security standard that its namespace enforces', () => {
    const namespace = parse(text(`${folder}/namespace.yaml`)) as { metadata: { name: string; labels: object } };
    expect(namespace.metadata.name).toBe(kustomization.namespace);
    expect(namespace.metadata.labels).toEqual({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('runs as an account of its own without a token', () => {
    const account = parse(text(`${folder}/serviceaccount.yaml`)) as { metadata: { name: string } };
    expect(pod.serviceAccountName).toBe(account.metadata.name);
    expect(account).toMatchObject({ automountServiceAccountToken: false });
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  it('gives the variables that compose gives, and mounts what they name', () => {
    const { environment } = compose.services.worker;
    expect(Object.keys(env).filter((name) => !(name in environment))).toEqual([]);
    expect(env['FEDCTL_TASK_QUEUE']).toBe(defaultTaskQueue);
    const mounted = (path: string | undefined): boolean =>
      (container?.volumeMounts ?? []).some(({ mountPath }) => path === mountPath || path?.startsWith(`${mountPath}/`));
    expect([env['KUBECONFIG'], env['FEDCTL_STATE'], '/tmp'].filter((path) => !mounted(path))).toEqual([]);
    expect(container?.volumeMounts.map(({ name }) => name).sort()).toEqual(pod.volumes.map(({ name }) => name).sort());
  });

  it('selects its own pods, and asks a file that is there whether they are ready', () => {
    expect(worker.spec.selector.matchLabels).toEqual(worker.spec.template.metadata.labels);
    expect(existsSync(join(root, container?.readinessProbe.exec.command.at(-1) ?? ''))).toBe(true);
  });
});
