import { codeOf } from '../../src/errors/step-error.ts';
import { labels, names } from '../../src/kubernetes/names.ts';
import { nameOfPlace, type Place } from '../../src/kubernetes/place.ts';
import type { Distribution } from '../../src/distributions/distribution.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import type { StepScope } from '../core/step.ts';

/** What a look into one cluster found. `unknown`: that nobody could look. */
export interface Found {
  objects: KubeObject[];
  notes: string[];
  unknown?: string;
}

interface Kind {
  apiVersion: string;
  kind: string;
}
const of =
  (apiVersion: string) =>
  (kind: string): Kind => ({ apiVersion, kind });
const rbac = 'rbac.authorization.k8s.io/v1';

/** Kinds that fedctl makes in the host or in a member. */
const namespacedOf = ({ components }: Distribution): readonly Kind[] => [
  ...['Service', 'ConfigMap', 'Secret', 'PersistentVolumeClaim', 'ServiceAccount'].map(of('v1')),
  ...[...new Set(components.map(({ kind }) => kind))].map(of('apps/v1')),
  ...['Role', 'RoleBinding'].map(of(rbac)),
  of('coordination.k8s.io/v1')('Lease'),
];
const clusterScoped: readonly Kind[] = [of('v1')('Namespace'), ...['ClusterRole', 'ClusterRoleBinding'].map(of(rbac))];

/**
 * Everything in a cluster that carries the federation's uuid. Where the user may not list a kind everywhere, the look
 * goes to the federation's own namespace and names, and says so.
 */
export async function leftIn(scope: StepScope, kube: Kube, place: Place): Promise<Found> {
  const labelSelector = `${labels.federation}=${scope.run.uuid}`;
  const narrow: string[] = [];
  const everywhere = async (kind: Kind, instead: () => Promise<KubeObject[]>): Promise<KubeObject[]> => {
    try {
      return await kube.list({ ...kind, labelSelector });
    } catch (error) {
      if (codeOf(error) !== 'FORBIDDEN') throw error;
      narrow.push(kind.kind);
      return instead();
    }
  };
  const { namespace } = scope.run.host;
  const lists = await Promise.all([
    ...namespacedOf(scope.distribution).map((kind) =>
      everywhere(kind, () => kube.list({ ...kind, namespace, labelSelector })),
    ),
    ...clusterScoped.map((kind) => everywhere(kind, () => byName(scope, kube, kind, place))),
  ]);
  const places = `namespace ${namespace} and the federation's own names`;
  const note = `in ${nameOfPlace(place)} only ${places} were looked at: its user may not list ${narrow.join(', ')} everywhere`;
  return { objects: lists.flat(), notes: narrow.length > 0 ? [note] : [] };
}

/** The one object of a kind that has no namespace. */
async function byName({ run }: StepScope, kube: Kube, kind: Kind, place: Place): Promise<KubeObject[]> {
  const name = kind.kind === 'Namespace' ? run.host.namespace : names.memberRole(run.federation, nameOfPlace(place));
  try {
    const found = await kube.read({ ...kind, name });
    return found?.metadata.labels?.[labels.federation] === run.uuid ? [found] : [];
  } catch (error) {
    // Who may not read cluster roles made none.
    if (codeOf(error) === 'FORBIDDEN' && kind.kind !== 'Namespace') return [];
    throw error;
  }
}
