import { describe, expect, it } from '@jest/globals';
import { cluster, clusters, create, created, get, patch, patchTypes, putSecret, remove, secrets } from './objects.ts';
import { makeCertificate, read } from './pki.ts';
import { type Endpoint, eventOf, send, watch } from './request.ts';
import { namespace, tokens, type World } from './world.ts';

const conditions = [{ type: 'Ready', status: 'True', reason: 'Invented', message: 'by a test' }];

function describeAccess(world: () => World): void {
  const main = (): Endpoint => world().main.endpoint;

  it.each(['/livez', '/readyz', '/apis/none', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'])(
    'answers %s with 404 and a paths body that is no Status',
    async (path) => {
      const answer = await send(main(), path);
      expect(answer.status).toBe(404);
      expect(answer.body).toEqual({ paths: expect.arrayContaining(['/apis/federation/v1beta1', '/healthz']) });
    },
  );

  it('answers a bad token with 401 and offers Basic', async () => {
    const answer = await send({ ...main(), token: tokens.wrong }, clusters);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Basic/);
  });

  it('lets nobody read who shows no credentials, or a certificate of another CA', async () => {
    const { port, ca } = main();
    expect((await send({ port, ca }, clusters)).status).toBe(401);
    const stranger = makeCertificate(world().folder, 'stranger', world().otherCA);
    expect((await send({ port, ca, cert: read(stranger.cert), key: read(stranger.key) }, clusters)).status).toBe(401);
  });

  it('knows people by token, by client certificate and by password', async () => {
    const { port, ca } = main();
    const friend = makeCertificate(world().folder, 'friend', world().ca);
    for (const known of [
      { token: tokens.admin },
      { cert: read(friend.cert), key: read(friend.key) },
      { basic: 'admin:contract-password' },
    ]) {
      expect((await send({ port, ca, ...known }, clusters)).status).toBe(200);
    }
    expect((await send({ port, ca, basic: 'admin:wrong' }, clusters)).status).toBe(401);
  });

  it('tells what it serves', async () => {
    expect((await send(main(), '/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const groups = (await send(main(), '/apis')).body;
    expect(groups).toMatchObject({
      kind: 'APIGroupList',
      groups: expect.arrayContaining([expect.objectContaining({ name: 'federation' })]),
    });
    expect((await send(main(), '/apis/federation')).body).toMatchObject({
      kind: 'APIGroup',
      preferredVersion: { groupVersion: 'federation/v1beta1' },
    });
    expect((await send(main(), '/apis/federation/v1beta1')).body).toMatchObject({
      kind: 'APIResourceList',
      resources: expect.arrayContaining([
        expect.objectContaining({ name: 'clusters', kind: 'Cluster', namespaced: false }),
        expect.objectContaining({ name: 'clusters/status' }),
      ]),
    });
    expect((await send(main(), '/version')).body.gitVersion).toMatch(/^v1\./);
  });

  it('keeps Secrets of namespaces that exist', async () => {
    await putSecret(main(), 'kept', { key: 'value' });
    expect((await send(main(), `${secrets}/kept`)).body).toMatchObject({ data: { key: 'dmFsdWU=' } });
    const elsewhere = secrets.replace(namespace, 'nowhere');
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kept' } };
    expect((await send(main(), elsewhere, { method: 'POST', body })).status).toBeGreaterThanOrEqual(403);
  });
}

function describeWrites(world: () => World): void {
  const main = (): Endpoint => world().main.endpoint;

  it('refuses server-side apply with 415 and writes nothing', async () => {
    const answer = await patch(main(), 'applied?fieldManager=test', patchTypes.apply, cluster('applied'));
    expect(answer.status).toBe(415);
    expect(answer.body).toMatchObject({ kind: 'Status', reason: 'UnsupportedMediaType', code: 415 });
    expect((await get(main(), 'applied')).status).toBe(404);
  });

  it('takes json, merge and strategic patches', async () => {
    await created(main(), cluster('patched'));
    const json = [{ op: 'add', path: '/spec/secretRef', value: { name: 'by-json' } }];
    expect((await patch(main(), 'patched', patchTypes.json, json)).body.spec.secretRef).toEqual({ name: 'by-json' });
    const merge = { spec: { secretRef: null }, metadata: { labels: { by: 'merge' } } };
    const merged = (await patch(main(), 'patched', patchTypes.merge, merge)).body;
    expect([merged.spec.secretRef, merged.metadata.labels]).toEqual([undefined, { by: 'merge' }]);
    const strategic = { metadata: { annotations: { by: 'strategic' } } };
    expect((await patch(main(), 'patched', patchTypes.strategic, strategic)).body.metadata).toMatchObject({
      labels: { by: 'merge' },
      annotations: { by: 'strategic' },
    });
    const stale = { metadata: { resourceVersion: '1' } };
    expect((await patch(main(), 'patched', patchTypes.merge, stale)).status).toBe(409);
  });

  it('writes status by PUT of /status only, which leaves the spec alone', async () => {
    const made = await created(main(), cluster('status-put'));
    const path = `${clusters}/status-put/status`;
    expect((await patch(main(), 'status-put/status', patchTypes.merge, { status: { conditions } })).status).toBe(405);
    const changed = { ...made, status: { conditions }, spec: { ...made.spec, secretRef: { name: 'sneaked-in' } } };
    expect((await send(main(), path, { method: 'PUT', body: changed })).status).toBe(200);
    const now = (await get(main(), 'status-put')).body;
    expect(now.status.conditions).toMatchObject(conditions);
    expect(now.spec).toEqual(made.spec);
  });

  it('drops status that comes through the main resource, and says nothing', async () => {
    const made = await created(main(), cluster('status-dropped', {}, { status: { conditions } }));
    expect(made.status).toEqual({});
    const put = { method: 'PUT', body: { ...made, status: { conditions } } };
    expect((await send(main(), `${clusters}/status-dropped`, put)).status).toBe(200);
    expect((await patch(main(), 'status-dropped', patchTypes.merge, { status: { conditions } })).status).toBe(200);
    expect((await get(main(), 'status-dropped')).body.status).toEqual({});
  });

  it('knows neither managedFields nor fieldValidation', async () => {
    const managedFields = [{ manager: 'test', operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1: {} }];
    const object = { ...cluster('old-manners', { unknown: 1 }), metadata: { name: 'old-manners', managedFields } };
    const answer = await create(main(), object, '?fieldValidation=Strict&fieldManager=test');
    expect(answer.status).toBe(201);
    expect(answer.headers['warning']).toBeUndefined();
    expect(answer.body.metadata).not.toHaveProperty('managedFields');
    expect(answer.body.spec).not.toHaveProperty('unknown');
  });

  it('ignores dryRun and writes: POST, PATCH and DELETE', async () => {
    expect((await create(main(), cluster('dry'), '?dryRun=All')).status).toBe(201);
    expect((await get(main(), 'dry')).status).toBe(200);
    await patch(main(), 'dry?dryRun=All', patchTypes.merge, { metadata: { labels: { dry: 'no' } } });
    expect((await get(main(), 'dry')).body.metadata.labels).toEqual({ dry: 'no' });
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] };
    expect((await remove(main(), 'dry', options, '?dryRun=All')).status).toBe(200);
    expect((await get(main(), 'dry')).status).toBe(404);
  });

  it('overwrites by a PUT without resourceVersion, and answers a stale one with 409', async () => {
    const made = await created(main(), cluster('put'));
    const put = (object: object) => send(main(), `${clusters}/put`, { method: 'PUT', body: object });
    const overwritten = await put(cluster('put', { secretRef: { name: 'second' } }));
    expect([overwritten.status, overwritten.body.spec.secretRef]).toEqual([200, { name: 'second' }]);
    expect(Number(overwritten.body.metadata.resourceVersion)).toBeGreaterThan(Number(made.metadata.resourceVersion));
    const stale = await put(made);
    expect(stale.status).toBe(409);
    expect(stale.body).toMatchObject({ kind: 'Status', reason: 'Conflict' });
    expect((await put(overwritten.body)).status).toBe(200);
    expect((await send(main(), `${clusters}/absent`, { method: 'PUT', body: cluster('absent') })).status).toBe(404);
  });

  it('answers a second POST with 409 AlreadyExists', async () => {
    await created(main(), cluster('twice'));
    const again = await create(main(), cluster('twice'));
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({
      reason: 'AlreadyExists',
      message: 'clusters.federation "twice" already exists',
    });
  });

  it('honours the uid precondition of DELETE, ignores that of the version, and answers the object', async () => {
    const made = await created(main(), cluster('gone'));
    expect((await remove(main(), 'gone', { preconditions: { uid: 'another' } })).status).toBe(409);
    expect((await get(main(), 'gone')).status).toBe(200);
    const { uid } = made.metadata;
    const answer = await remove(main(), 'gone', { preconditions: { uid, resourceVersion: '1' } });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ kind: 'Cluster', metadata: { name: 'gone', uid } });
    const absent = await remove(main(), 'gone');
    expect(absent.status).toBe(404);
    expect(absent.body).toMatchObject({ reason: 'NotFound', message: 'clusters.federation "gone" not found' });
  });
}

function describeReads(world: () => World): void {
  const main = (): Endpoint => world().main.endpoint;

  it('lists items without kind and apiVersion', async () => {
    await created(main(), cluster('listed'));
    const list = (await send(main(), clusters)).body;
    expect([list.kind, list.apiVersion]).toEqual(['ClusterList', 'federation/v1beta1']);
    const item = list.items.find(({ metadata }) => metadata.name === 'listed');
    expect(item).toMatchObject({ metadata: { uid: expect.any(String), resourceVersion: expect.any(String) } });
    for (const one of list.items) expect(Object.keys(one)).not.toEqual(expect.arrayContaining(['kind']));
    for (const one of list.items) expect(Object.keys(one)).not.toEqual(expect.arrayContaining(['apiVersion']));
  });

  it('watches without bookmarks and ignores sendInitialEvents', async () => {
    await created(main(), cluster('there-before'));
    const { resourceVersion } = (await send(main(), clusters)).body.metadata;
    const asked = 'watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const watching = await watch(main(), `${clusters}?${asked}&timeoutSeconds=3&resourceVersion=${resourceVersion}`);
    expect(watching.status).toBe(200);
    await created(main(), cluster('watched'));
    await patch(main(), 'watched', patchTypes.merge, { metadata: { labels: { seen: 'yes' } } });
    await remove(main(), 'watched');
    await watching.ended;
    expect(watching.events.map(({ type, object }) => `${type} ${object.kind} ${object.metadata.name}`)).toEqual([
      'ADDED Cluster watched',
      'MODIFIED Cluster watched',
      'DELETED Cluster watched',
    ]);
  });

  it('narrows a list and a watch to one name', async () => {
    await created(main(), cluster('narrow'));
    const only = `${clusters}?fieldSelector=metadata.name%3Dnarrow`;
    expect((await send(main(), only)).body.items.map(({ metadata }) => metadata.name)).toEqual(['narrow']);
    const watching = await watch(main(), `${only}&watch=true&timeoutSeconds=60`);
    await eventOf(watching, 'what was there before', ({ type }) => type === 'ADDED');
    await created(main(), cluster('narrow-not'));
    await remove(main(), 'narrow');
    await eventOf(watching, 'the removal', ({ type }) => type === 'DELETED');
    watching.close();
    expect(new Set(watching.events.map(({ object }) => object.metadata.name))).toEqual(new Set(['narrow']));
  });

  it('tells a too old version by HTTP 200 and one ERROR event 410; what it keeps outlives it in etcd', async () => {
    const made = await created(main(), cluster('survivor'));
    await patch(main(), 'survivor', patchTypes.merge, { metadata: { labels: { is: 'newer' } } });
    const revision = (await send(main(), clusters)).body.metadata.resourceVersion;
    const compacted = await fetch(`${world().etcd}/v3/kv/compaction`, {
      method: 'POST',
      body: JSON.stringify({ revision, physical: true }),
    });
    expect(compacted.status).toBe(200);
    // A new process: no cache of its own can answer for etcd.
    await world().main.process.stop();
    world().main = await world().startApiserver('/registry', main().port);
    const watching = await watch(main(), `${clusters}?watch=true&resourceVersion=1&timeoutSeconds=5`);
    await watching.ended;
    expect(watching.status).toBe(200);
    expect(watching.events).toEqual([
      { type: 'ERROR', object: expect.objectContaining({ kind: 'Status', code: 410 }) },
    ]);
    expect((await get(main(), 'survivor')).body.metadata).toMatchObject({
      uid: made.metadata.uid,
      labels: { is: 'newer' },
    });
  });
}

function describeValidation(world: () => World): void {
  const main = (): Endpoint => world().main.endpoint;
  const withAddress = (clientCIDR: string): object => ({
    serverAddressByClientCIDRs: [{ clientCIDR, serverAddress: 'https://127.0.0.1:1' }],
  });

  it.each([
    ['no address', 'bad', { serverAddressByClientCIDRs: [] }, 'spec.serverAddressByClientCIDRs: Required value'],
    ['no list of addresses', 'bad', { serverAddressByClientCIDRs: undefined }, 'CIDRs: Required value'],
    ['a bad CIDR', 'bad', withAddress('0.0.0.0'), 'spec.serverAddressByClientCIDRs[0].clientCIDR: Invalid value'],
    ['a name with a dot', 'bad.name', {}, 'metadata.name: Invalid value'],
    ['a name in capitals', 'Bad', {}, 'metadata.name: Invalid value'],
    ['a name that starts with a digit', '1bad', {}, 'metadata.name: Invalid value'],
    ['a name of 64 characters', 'b'.repeat(64), {}, 'metadata.name: Invalid value'],
    ['no name', '', {}, 'metadata.name: Required value'],
  ])('refuses %s with 422', async (_, name, spec, message) => {
    const answer = await create(main(), cluster(name, spec));
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ kind: 'Status', reason: 'Invalid', code: 422 });
    expect(answer.body.message).toContain(message);
    if (name) expect((await get(main(), name)).status).toBe(404);
  });

  it('refuses by PUT and PATCH what it refuses by POST', async () => {
    const made = await created(main(), cluster('valid'));
    const body = { ...made, spec: { serverAddressByClientCIDRs: [] } };
    expect((await send(main(), `${clusters}/valid`, { method: 'PUT', body })).status).toBe(422);
    const spec = withAddress('10.0.0.0/99');
    expect((await patch(main(), 'valid', patchTypes.merge, { spec })).status).toBe(422);
  });

  it('accepts an empty secretRef', async () => {
    expect((await created(main(), cluster('no-secret', { secretRef: {} }))).spec.secretRef).toEqual({});
  });
}

/** What federation-apiserver says and does, whoever asks. */
export function describeApiserver(world: () => World): void {
  describe('federation-apiserver', () => {
    describe('access and discovery', () => describeAccess(world));
    describe('writes', () => describeWrites(world));
    describe('reads and watches', () => describeReads(world));
    describe('validation', () => describeValidation(world));
  });
}
