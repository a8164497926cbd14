import type { ClusterRef, HostRef } from '../../../src/catalogue/call.ts';
import type { ContextFacts } from '../../../src/kubernetes/context.ts';
import type { KubeObject, ListRef, ObjectRef } from '../../../src/kubernetes/objects.ts';

/**
 * One cluster's API, as one frozen identity. Every method throws an ApplicationFailure of activities/kit/fail.ts
 * (classified: never, soon, later); 404 on read and remove is a value. Requests end when the activity is cancelled,
 * and after 30 s at the latest.
 */
export interface Kube {
  /** URL of the API server, for messages. */
  readonly server: string;
  read<T extends KubeObject = KubeObject>(ref: ObjectRef): Promise<T | undefined>;
  list<T extends KubeObject = KubeObject>(ref: ListRef): Promise<T[]>;
  /** POST; an object that is there already throws `CONFLICT` with data.reason AlreadyExists. */
  create<T extends KubeObject>(object: T): Promise<T>;
  /** Server-side apply, field manager fedctl, never forced unless asked; a conflict throws `FIELD_OWNED` with the manager's name. `dryRun`: says what would stand, and stores nothing. */
  apply<T extends KubeObject>(object: KubeObject, options?: { force?: boolean; dryRun?: boolean }): Promise<T>;
  /** JSON merge patch; with `resourceVersion` in the patch's metadata it is optimistic (409: `CONFLICT`). */
  mergePatch<T extends KubeObject = KubeObject>(ref: ObjectRef, patch: object): Promise<T>;
  /** JSON patch (RFC 6902). `dryRun` as for apply. */
  jsonPatch<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    patch: object[],
    options?: { dryRun?: boolean },
  ): Promise<T>;
  /** DELETE with preconditions; absent is success; another UID than asked is success too (that object is not ours). */
  remove(ref: ObjectRef, options: { uid: string; propagation?: 'Background' | 'Foreground' | 'Orphan' }): Promise<void>;
  /** GET of a path that is no object: /healthz, /version. Any status is a value. */
  get(path: string): Promise<{ status: number; body: string }>;
  /**
   * Sends bytes to a TCP port of a pod, through the API server as `kubectl port-forward` does, and reads until `whole`
   * says that the answer is complete; 5 s at the most.
   */
  exchange(
    pod: { namespace: string; name: string; port: number },
    sent: Buffer,
    whole: (read: Buffer) => boolean,
  ): Promise<Buffer>;
  /** SelfSubjectAccessReview: may the context's user do this? */
  can(attributes: {
    verb: string;
    group?: string;
    resource: string;
    namespace?: string;
    name?: string;
  }): Promise<boolean>;
}

/** Makes clients; one frozen KubeConfig a context (client-node authenticates as the shared object's current user). */
export interface KubeClients {
  /** Throws `CONTEXT_NOT_FOUND`. */
  forContext(ref: ClusterRef): Promise<Kube>;
  /** From the text of a kubeconfig (its current context). */
  forKubeconfig(text: string): Promise<Kube>;
  /** By a Secret of the host namespace with the key `kubeconfig`: the API of a control plane. Throws `NOT_FOUND` without it. */
  forSecret(host: HostRef, secret: string): Promise<Kube>;
  /** Throws `CONTEXT_NOT_FOUND`. */
  contextFacts(ref: ClusterRef): Promise<ContextFacts>;
}
