import { failure, httpFailure } from '../../kit/fail.ts';
import type { HttpAnswer, HttpRequest, Send } from './http.ts';
import type { Kube } from './port.ts';
import type { KubeObject, ListRef, ObjectRef } from '../../../src/kubernetes/objects.ts';

/** Name under which fedctl's fields are managed. */
const fieldManager = 'fedctl';

/** `metav1.Status`, as far as errors need it. */
interface Status {
  kind?: string;
  message?: string;
  reason?: string;
  details?: { causes?: { reason?: string; message?: string; field?: string }[] };
}

interface Resource {
  name: string;
  kind: string;
  namespaced: boolean;
}

const statusOf = (body: string): Status => {
  try {
    const parsed = JSON.parse(body) as Status;
    return parsed.kind === 'Status' ? parsed : {};
  } catch {
    return {};
  }
};

const groupPath = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

/** One cluster's API over a sender. Works with servers that know no OpenAPI and no server-side apply (the federation's). */
export function kubeOver(server: string, send: Send): Omit<Kube, 'exchange'> {
  const discovered = new Map<string, Promise<Resource[]>>();

  async function ask(request: HttpRequest, what: string): Promise<HttpAnswer> {
    const answer = await send(request);
    if (answer.status < 300) return answer;
    throw refusal(answer, { server, what });
  }

  /** Throws SERVER_ERROR for what a proxy or a broken connection left of an answer. */
  function parse<T>(answer: HttpAnswer): T {
    try {
      return JSON.parse(answer.body) as T;
    } catch {
      const start = answer.body.slice(0, 120).replaceAll(/\s+/g, ' ');
      throw failure('SERVER_ERROR', `${server} did not answer with JSON: ${start}`, { server });
    }
  }

  async function resourcesOf(apiVersion: string): Promise<Resource[]> {
    const answer = await ask({ method: 'GET', path: groupPath(apiVersion) }, `${server} does not serve ${apiVersion}`);
    return parse<{ resources?: Resource[] }>(answer).resources ?? [];
  }

  async function pathOf(ref: {
    apiVersion: string;
    kind: string;
    namespace?: string | undefined;
    name?: string;
  }): Promise<string> {
    let found = discovered.get(ref.apiVersion);
    if (!found) {
      found = resourcesOf(ref.apiVersion);
      discovered.set(ref.apiVersion, found);
      found.catch(() => discovered.delete(ref.apiVersion));
    }
    const resource = (await found).find((one) => one.kind === ref.kind && !one.name.includes('/'));
    if (!resource) throw failure('NOT_FOUND', `${server} has no ${ref.kind} in ${ref.apiVersion}`, { server });
    const namespace = resource.namespaced && ref.namespace ? `/namespaces/${encodeURIComponent(ref.namespace)}` : '';
    const name = ref.name ? `/${encodeURIComponent(ref.name)}` : '';
    return `${groupPath(ref.apiVersion)}${namespace}/${resource.name}${name}`;
  }

  const say = (ref: ObjectRef | ListRef): string =>
    `${ref.kind}${ref.namespace ? ` ${ref.namespace}/` : ' '}${'name' in ref ? ref.name : ''}`.trim();
  const refOf = (object: KubeObject): ObjectRef => ({
    apiVersion: object.apiVersion,
    kind: object.kind,
    name: object.metadata.name,
    namespace: object.metadata.namespace,
  });
  const patch = async <T>(ref: ObjectRef, body: object, contentType: string, dryRun = false): Promise<T> => {
    const query = { fieldManager, dryRun: dryRun ? 'All' : undefined };
    return parse<T>(
      await ask({ method: 'PATCH', path: await pathOf(ref), body, contentType, query }, `patching ${say(ref)}`),
    );
  };

  return {
    server,
    read: async <T extends KubeObject>(ref: ObjectRef) => {
      const answer = await send({ method: 'GET', path: await pathOf(ref) });
      if (answer.status === 404) return undefined;
      if (answer.status >= 300) throw refusal(answer, { server, what: `reading ${say(ref)}` });
      return parse<T>(answer);
    },
    list: async <T extends KubeObject>(ref: ListRef) => {
      const query = { labelSelector: ref.labelSelector, fieldSelector: ref.fieldSelector };
      const answer = await ask({ method: 'GET', path: await pathOf(ref), query }, `listing ${say(ref)}`);
      const { items } = parse<{ items: T[] | null }>(answer);
      // Items of a list carry neither kind nor apiVersion.
      return (items ?? []).map((item) => ({ ...item, apiVersion: ref.apiVersion, kind: ref.kind }));
    },
    create: async <T extends KubeObject>(object: T) => {
      const ref = refOf(object);
      const path = await pathOf({ apiVersion: ref.apiVersion, kind: ref.kind, namespace: ref.namespace });
      return parse<T>(
        await ask({ method: 'POST', path, body: object, query: { fieldManager } }, `creating ${say(ref)}`),
      );
    },
    apply: async <T extends KubeObject>(object: KubeObject, options: { force?: boolean; dryRun?: boolean } = {}) => {
      const ref = refOf(object);
      const query = {
        fieldManager,
        fieldValidation: 'Strict',
        force: options.force ? 'true' : undefined,
        dryRun: options.dryRun ? 'All' : undefined,
      };
      const request = {
        method: 'PATCH',
        path: await pathOf(ref),
        body: object,
        contentType: 'application/apply-patch+yaml',
        query,
      };
      const answer = await send(request);
      if (answer.status === 409)
        throw ownership(answer, ref, say(ref)) ?? refusal(answer, { server, what: `applying ${say(ref)}` });
      if (answer.status >= 300) throw refusal(answer, { server, what: `applying ${say(ref)}` });
      return parse<T>(answer);
    },
    mergePatch: (ref, body) => patch(ref, body, 'application/merge-patch+json'),
    jsonPatch: (ref, body, { dryRun = false } = {}) => patch(ref, body, 'application/json-patch+json', dryRun),
    remove: async (ref, { uid, propagation = 'Background' }) => {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid }, propagationPolicy: propagation };
      const answer = await send({ method: 'DELETE', path: await pathOf(ref), body });
      // 409 is the precondition: what stands there now is another object, and not ours.
      if (answer.status === 404 || answer.status === 409) return;
      if (answer.status >= 300) throw refusal(answer, { server, what: `removing ${say(ref)}` });
    },
    get: async (path) => {
      const { status, body } = await send({ method: 'GET', path });
      return { status, body };
    },
    can: async ({ verb, group = '', resource, namespace, name }) => {
      const resourceAttributes = { verb, group, resource, namespace, name };
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      };
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const answer = await ask({ method: 'POST', path, body }, 'asking for permissions');
      return parse<{ status?: { allowed?: boolean } }>(answer).status?.allowed ?? false;
    },
  };
}

function refusal(answer: HttpAnswer, about: { server: string; what: string }): Error {
  const { message = '', reason } = statusOf(answer.body);
  return httpFailure(
    { status: answer.status, message: message || answer.body.slice(0, 300), reason, retryAfterMs: answer.retryAfterMs },
    about,
  );
}

/** A conflict of server-side apply names the other manager and the fields. */
function ownership(answer: HttpAnswer, ref: ObjectRef, what: string): Error | undefined {
  const causes = (statusOf(answer.body).details?.causes ?? []).filter(
    (cause) => cause.reason === 'FieldManagerConflict',
  );
  if (causes.length === 0) return undefined;
  const fields = causes.map((cause) => `${cause.field ?? ''} (${cause.message ?? ''})`).join(', ');
  const manager = /"([^"]+)"/.exec(causes[0]?.message ?? '')?.[1];
  return failure('FIELD_OWNED', `${what}: ${fields}`, { manager, object: `${ref.kind}/${ref.name}` });
}
