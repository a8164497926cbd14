import { type Answer, type Endpoint, type Json, send } from './request.ts';
import { base64 } from './pki.ts';
import { namespace } from './world.ts';

export const clusters = '/apis/federation/v1beta1/clusters';
export const secrets = `/api/v1/namespaces/${namespace}/secrets`;
export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** A Cluster as people write it. */
export const cluster = (name: string, spec: object = {}, rest: object = {}): object => ({
  apiVersion: 'federation/v1beta1',
  kind: 'Cluster',
  metadata: { name },
  spec: {
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: 'https://127.0.0.1:1' }],
    ...spec,
  },
  ...rest,
});

export const create = (to: Endpoint, object: object, query = ''): Promise<Answer> =>
  send(to, clusters + query, { method: 'POST', body: object });

/** Creates a Cluster that must be accepted, and answers it. */
export async function created(to: Endpoint, object: object): Promise<Json> {
  const answer = await create(to, object);
  if (answer.status !== 201) throw new Error(`POST answered ${answer.status}: ${answer.text}`);
  return answer.body;
}

export const get = (to: Endpoint, name: string): Promise<Answer> => send(to, `${clusters}/${name}`);

export const patch = (to: Endpoint, path: string, type: string, body: unknown): Promise<Answer> =>
  send(to, `${clusters}/${path}`, { method: 'PATCH', type, body });

export const remove = (to: Endpoint, name: string, options?: object, query = ''): Promise<Answer> =>
  send(to, `${clusters}/${name}${query}`, { method: 'DELETE', body: options });

/** Makes a Secret of the host, or gives it other data. */
export async function putSecret(to: Endpoint, name: string, data: Record<string, string>): Promise<void> {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)]));
  const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: encoded };
  const made = await send(to, secrets, { method: 'POST', body });
  const answer = made.status === 409 ? await send(to, `${secrets}/${name}`, { method: 'PUT', body }) : made;
  if (answer.status > 201) throw new Error(`Secret ${name}: ${answer.status} ${answer.text}`);
}
