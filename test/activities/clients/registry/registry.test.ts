import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { registries, type RegistrySettings } from '../../../../activities/clients/registry/registry.ts';
import type { Credentials } from '../../../../activities/clients/registry/docker-config.ts';
import { failureOf } from '../../../helpers/kubernetes/member-world.ts';

/** The token flow needs an issuer that no package of this machine has: an HTTP server with both ends of it. */
interface Fake {
  name: string;
  /** `<method> <path> <authorization>` of every request. */
  seen: string[];
}
type Handle = (request: http.IncomingMessage, body: string, response: http.ServerResponse, origin: string) => void;

const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(handle: Handle): Promise<Fake> {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}${body ? ` ${body}` : ''}`);
      handle(request, body, response, `http://${request.headers.host}`);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { name: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const digest = `sha256:${'b'.repeat(64)}`;
const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const basic = `Basic ${Buffer.from('me:secret-word').toString('base64')}`;
/** A registry that gives nothing without the token of its issuer. */
const withTokens =
  (token: object = { token: 'the-token' }): Handle =>
  (request, _body, response, origin) => {
    if (request.url?.startsWith('/token')) return void response.writeHead(200).end(JSON.stringify(token));
    if (request.headers.authorization !== 'Bearer the-token') {
      const challenge = `Bearer realm="${origin}/token",service="registry.test",scope="ignored"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    return void response.writeHead(200, { 'docker-content-digest': digest }).end();
  };

const client = (credentials?: Credentials, given: Partial<RegistrySettings> = {}) =>
  registries({ isInsecure: () => true, caFile: undefined, credentials: async () => credentials, ...given });
const image = (registry: string) => ({ registry, repository: 'a/b', tag: 'v1' });
const digestOf = async (registry: string, credentials?: Credentials): Promise<string | undefined> =>
  client(credentials).find(image(registry));
const failed = (registry: string, credentials?: Credentials) =>
  failureOf(digestOf(registry, credentials) as unknown as Parameters<typeof failureOf>[0]);

it('gets a token for the scope, as the user of the credentials', async () => {
  const fake = await serve(withTokens());
  expect(await digestOf(fake.name, { user: 'me', password: 'secret-word' })).toBe(digest);
  expect(fake.seen).toEqual([
    'HEAD /v2/a/b/manifests/v1 -',
    `GET /token?service=registry.test&scope=repository%3Aa%2Fb%3Apull ${basic}`,
    'HEAD /v2/a/b/manifests/v1 Bearer the-token',
  ]);
});

it('gets one for nobody where there are no credentials', async () => {
  const fake = await serve(withTokens({ access_token: 'the-token' }));
  expect(await digestOf(fake.name)).toBe(digest);
  expect(fake.seen[1]).toMatch(/^GET \/token.* -$/);
});

it('gives a refresh token in the body and never in an address', async () => {
  const fake = await serve(withTokens());
  await digestOf(fake.name, { user: '<token>', password: '', identityToken: 'refresh-word' });
  const [, asked = ''] = fake.seen;
  expect(asked).toMatch(/^POST \/token - /);
  expect(asked).toContain('grant_type=refresh_token');
  expect(asked).toContain('refresh_token=refresh-word');
});

it('asks for the right to push, and takes the upload away', async () => {
  const fake = await serve((request, body, response, origin) => {
    if (request.method === 'POST' && request.headers.authorization)
      return void response.writeHead(202, { location: '/v2/a/b/blobs/uploads/1?state=x' }).end();
    if (request.method === 'DELETE' && request.headers.authorization) return void response.writeHead(204).end();
    return withTokens()(request, body, response, origin);
  });
  await client().checkPush({ registry: fake.name, repository: 'a/b' });
  expect(fake.seen.filter((line) => line.startsWith('GET /token'))[0]).toContain('pull%2Cpush');
  expect(fake.seen.at(-1)).toBe('DELETE /v2/a/b/blobs/uploads/1?state=x Bearer the-token');
});

it('does not send credentials to another host that an upload leads to', async () => {
  const other = await serve((_request, _body, response) => void response.writeHead(204).end());
  const fake = await serve((_request, _body, response) => {
    response.writeHead(202, { location: `http://${other.name}/upload` }).end();
  });
  await client({ user: 'me', password: 'secret-word' }).checkPush({ registry: fake.name, repository: 'a/b' });
  expect(other.seen).toEqual([]);
});

it('follows a redirect without its token', async () => {
  const other = await serve((_request, _body, response) => {
    response.writeHead(200, { 'docker-content-digest': digest }).end();
  });
  const fake = await serve((request, body, response, origin) => {
    if (request.headers.authorization === 'Bearer the-token')
      return void response.writeHead(307, { location: `http://${other.name}/elsewhere` }).end();
    return withTokens()(request, body, response, origin);
  });
  expect(await digestOf(fake.name)).toBe(digest);
  expect(other.seen).toEqual(['HEAD /elsewhere -']);
});

it('computes the digest of a manifest when the registry does not tell it', async () => {
  const fake = await serve((_request, _body, response) => void response.writeHead(200).end('{}'));
  expect(await digestOf(fake.name)).toBe('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});

it.each([
  [401, {}, 'REGISTRY_DENIED', true],
  [403, {}, 'REGISTRY_DENIED', true],
  [429, { 'retry-after': '7' }, 'RATE_LIMITED', false],
  [503, {}, 'SERVER_ERROR', false],
  [400, {}, 'REGISTRY_ANSWER', true],
])('makes %i %j a %s', async (status, headers, type, nonRetryable) => {
  const errors = JSON.stringify({ errors: [{ code: 'X', message: 'the words of the registry' }] });
  const fake = await serve((_request, _body, response) => void response.writeHead(status, headers).end(errors));
  const failure = await failed(fake.name);
  expect(failure).toMatchObject({ type, nonRetryable });
  expect(failure.message).toContain('the words of the registry');
  expect(failure.message).toContain(fake.name);
});

it('says that a token is refused, without the credentials', async () => {
  const fake = await serve((request, body, response, origin) => {
    if (request.url?.startsWith('/token')) return void response.writeHead(401).end('{"details":"incorrect password"}');
    return withTokens()(request, body, response, origin);
  });
  const failure = await failed(fake.name, { user: 'me', password: 'secret-word' });
  expect(failure).toMatchObject({ type: 'REGISTRY_DENIED', nonRetryable: true });
  for (const secret of ['secret-word', basic]) expect(JSON.stringify(failure)).not.toContain(secret);
});

it('does not take a token that is none', async () => {
  expect(await failed((await serve(withTokens({}))).name)).toMatchObject({ type: 'REGISTRY_ANSWER' });
});

it('has no digest for an image that is not there', async () => {
  const fake = await serve((_request, _body, response) => void response.writeHead(404).end());
  expect(await digestOf(fake.name)).toBeUndefined();
});

const json = (response: http.ServerResponse, body: object, headers = {}): void =>
  void response.writeHead(200, headers).end(JSON.stringify(body));

it('reads the platforms of an index, of a config, and of neither', async () => {
  const platform = (os: string, architecture: string) => ({ platform: { os, architecture } });
  const manifests: Record<string, object> = {
    x: { manifests: [platform('linux', 'arm64'), {}] },
    y: { config: { digest: 'sha256:c' } },
    z: {},
  };
  const fake = await serve((request, _body, response) => {
    if (request.url?.includes('/y/blobs/sha256:c')) return json(response, { os: 'linux', architecture: 's390x' });
    return json(response, manifests[request.url?.split('/')[2] ?? ''] ?? {});
  });
  const platforms = (repository: string) =>
    client().platformsOf(
      { registry: fake.name, repository, tag: 'v1' },
      sha256(JSON.stringify(manifests[repository] ?? {})),
    );
  expect(await platforms('x')).toEqual(['linux/arm64']);
  expect(await platforms('y')).toEqual(['linux/s390x']);
  expect(await platforms('z')).toEqual([]);
});

describe('a wrong digest', () => {
  const other = `sha256:${'c'.repeat(64)}`;
  const mismatch = { type: 'DIGEST_MISMATCH', nonRetryable: true };
  const pinned = (registry: string) => ({ ...image(registry), digest: other });
  const findFailure = (reference: ReturnType<typeof image>) =>
    failureOf(client().find(reference) as unknown as Parameters<typeof failureOf>[0]);

  it('is not taken for the one that was asked for', async () => {
    const fake = await serve(withTokens());
    const failure = await findFailure(pinned(fake.name));
    expect(failure).toMatchObject(mismatch);
    for (const word of [other, digest]) expect(failure.message).toContain(word);
  });

  it('is found by the bytes of the manifest, also where the registry tells none', async () => {
    const told = await serve((request, _body, response) =>
      request.method === 'HEAD'
        ? void response.writeHead(405).end()
        : void response.writeHead(200, { 'docker-content-digest': other }).end('{}'),
    );
    expect(await findFailure(image(told.name))).toMatchObject(mismatch);
    const silent = await serve((_request, _body, response) => void response.writeHead(200).end('{}'));
    expect(await findFailure(pinned(silent.name))).toMatchObject(mismatch);
  });

  it('is found when the manifest itself is read', async () => {
    const fake = await serve((_request, _body, response) => void response.writeHead(200).end('{}'));
    const reading = client().platformsOf(image(fake.name), other);
    expect(await failureOf(reading as unknown as Parameters<typeof failureOf>[0])).toMatchObject(mismatch);
  });

  it('that is no digest at all is passed over for that of the bytes', async () => {
    const fake = await serve((_request, _body, response) => {
      response.writeHead(200, { 'docker-content-digest': 'sha256:../../etc' }).end('{}');
    });
    expect(await digestOf(fake.name)).toBe(sha256('{}'));
  });
});

it('says in the words of the registry what is missing', async () => {
  const errors = JSON.stringify({
    errors: [{ code: 'NAME_UNKNOWN', message: 'repository name not known to registry' }],
  });
  const fake = await serve((request, _body, response) => {
    response.writeHead(404).end(request.method === 'HEAD' ? undefined : errors);
  });
  const failure = await failureOf(client().digestOf(image(fake.name)) as unknown as Parameters<typeof failureOf>[0]);
  expect(failure).toMatchObject({ type: 'IMAGE_NOT_FOUND', nonRetryable: true });
  expect(failure.message).toContain(`${fake.name}/a/b:v1: repository name not known to registry`);
});

it('reads all pages of tags, from its own host only', async () => {
  const fake = await serve((request, _body, response) => {
    if (request.url === '/v2/a/b/tags/list')
      return json(response, { tags: ['v1'] }, { link: '</v2/a/b/tags/list?last=v1>; rel="next"' });
    if (request.url === '/v2/a/b/tags/list?last=v1')
      return json(response, { tags: ['v2'] }, { link: '<http://127.0.0.2:1/v2/a/b/tags/list>; rel="next"' });
    return void response.writeHead(404).end();
  });
  expect(await client().tagsOf({ registry: fake.name, repository: 'a/b' })).toEqual(['v1', 'v2']);
  expect(await client().tagsOf({ registry: fake.name, repository: 'none' })).toEqual([]);
});
