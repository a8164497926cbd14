import type { Deps } from '../../../activities/core/deps.ts';
import { failure } from '../../../activities/kit/fail.ts';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../../src/kubernetes/objects.ts';

/** The requests about single objects that were made through a counted client, as `read ConfigMap/name`. */
export interface Counted {
  deps: Deps;
  requests: string[];
  /** Those about objects of this kind and name, by their verbs. */
  of(kind: string, name: string): string[];
}

/** `diesBefore`: the request at which the worker is killed; neither it nor any after it reaches a server. */
export function counted(deps: Deps, diesBefore: (request: string) => boolean = () => false): Counted {
  const requests: string[] = [];
  let dead = false;
  const note = (verb: string, { kind, name }: Pick<ObjectRef, 'kind' | 'name'>): void => {
    const request = `${verb} ${kind}/${name}`;
    dead ||= diesBefore(request);
    if (dead) throw failure('SERVER_ERROR', 'the worker was killed');
    requests.push(request);
  };
  const nameOf = ({ kind, metadata }: KubeObject) => ({ kind, name: metadata.name });
  const counting = (kube: Kube): Kube => ({
    ...kube,
    read: async (ref) => (note('read', ref), kube.read(ref)),
    create: async (object) => (note('create', nameOf(object)), kube.create(object)),
    apply: async (object, options) => (note('apply', nameOf(object)), kube.apply(object, options)),
    mergePatch: async (ref, patch) => (note('patch', ref), kube.mergePatch(ref, patch)),
    remove: async (ref, options) => (note('remove', ref), kube.remove(ref, options)),
  });
  return {
    deps: { ...deps, kube: { ...deps.kube, forContext: async (ref) => counting(await deps.kube.forContext(ref)) } },
    requests,
    of: (kind, name) =>
      requests.flatMap((request) => (request.endsWith(` ${kind}/${name}`) ? [request.split(' ')[0] ?? ''] : [])),
  };
}
