import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createResolver } from '../../../../activities/clients/dns/resolver.ts';
import { kubeClients } from '../../../../activities/clients/kube/kube.ts';
import type { Kube } from '../../../../activities/clients/kube/port.ts';
import type { Deps } from '../../../../activities/core/deps.ts';
import type { KubeObject } from '../../../../src/kubernetes/objects.ts';
import { setStatus } from '../../kubernetes/host-world.ts';
import type { TestServer } from '../../kubernetes/member-world.ts';
import { satellites, small } from './record.ts';

/** ms between looks of what plays the controllers. */
const everyMs = 300;

/** Dependencies of activities over real API servers. */
export const depsOf = (): Deps => ({
  kube: kubeClients({ HOME: '/nowhere' }),
  resolver: createResolver({ servers: [] }),
  runs: { namespaceUuid: async () => 'temporal-1', isOpen: async () => false },
  log: { info: () => {}, warn: () => {} },
  env: {},
  stateFolder: mkdtempSync(join(tmpdir(), 'fedctl-state-')),
});

/** Serves the kind of the small distribution: an API of its own would bring it along. */
export async function serveSatellites(kube: () => Promise<Kube>): Promise<void> {
  const { group, version, kind, plural } = satellites;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await (
    await kube()
  ).create({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Cluster',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema, subresources: { status: {} } }],
    },
  });
  const isServed = async (): Promise<boolean> =>
    (await kube()).list({ apiVersion: small.member.apiVersion, kind }).then(
      () => true,
      () => false,
    );
  while (!(await isServed())) await sleep(everyMs);
}

/** Plays the controllers of a host, and the small distribution itself, until `stop`: what is wanted runs and is Ready. */
export function playControllers(server: TestServer, kube: () => Promise<Kube>, namespace: string): () => Promise<void> {
  let over = false;
  const rolledOut = (object: KubeObject): Promise<void> => {
    const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
    return setStatus(server, object, { observedGeneration: object.metadata.generation, ...counts });
  };
  const visited = (object: KubeObject): Promise<void> =>
    setStatus(server, object, { conditions: [{ type: 'Ready', status: 'True' }] });
  const playOnce = async (): Promise<void> => {
    const host = await kube();
    for (const kind of ['StatefulSet', 'Deployment'])
      for (const object of await host.list({ apiVersion: 'apps/v1', kind, namespace })) await rolledOut(object);
    const { apiVersion, kind } = small.member;
    for (const object of await host.list({ apiVersion, kind })) await visited(object);
  };
  const playing = (async () => {
    while (!over) {
      // What was just deleted has no status any more.
      await playOnce().catch(() => undefined);
      await sleep(everyMs);
    }
  })();
  return () => {
    over = true;
    return playing;
  };
}
