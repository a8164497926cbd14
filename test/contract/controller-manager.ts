import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BlockedTimeline } from './blocked.ts';
import { type Member, startMember } from './members.ts';
import { cluster, clusters, created, get, patch, patchTypes, putSecret, remove } from './objects.ts';
import { makeCertificate, read } from './pki.ts';
import { freePort, type Running, runToEnd, until } from './processes.ts';
import { probed, twoTicks } from './ticks.ts';
import { type Answer, type Condition, type Endpoint, type Json, send, watch } from './request.ts';
import { isStandIn, tokens, type World } from './world.ts';

const ready = { type: 'Ready', status: 'True', reason: 'ClusterReady', message: '/healthz responded with ok' };
const offline = {
  type: 'Offline',
  status: 'True',
  reason: 'ClusterNotReachable',
  message: 'cluster is not reachable',
};
const notReady = [
  { type: 'Ready', status: 'False', reason: 'ClusterNotReady', message: '/healthz responded without ok' },
  { type: 'Offline', status: 'False', reason: 'ClusterReachable', message: 'cluster is reachable' },
];

/** Conditions without their times. */
const said = (object: Json): object[] =>
  (object.status.conditions ?? []).map(({ type, status, reason, message }) => ({ type, status, reason, message }));

function describeStart(world: () => World): void {
  const runOnce = (...flags: string[]): Promise<{ code: number; output: string }> =>
    runToEnd(world().binary, ['federation-controller-manager', ...flags], world().controllerManagerEnv());

  it('dies when the federation API does not answer at its start', async () => {
    const dead = { ...world().main, endpoint: { ...world().main.endpoint, port: await freePort() } };
    const process = await world().startControllerManager(dead);
    expect(await process.exited).not.toBe(0);
  }, 30_000);

  it('ends at once without a DNS provider, unless its service controller is off', async () => {
    const { code, output } = await runOnce('--dns-provider=', '--federation-name=f', '--zone-name=z.example');
    expect(code).toBe(255);
    expect(output).toMatch(/dns ?provider/i);
  });

  it('ends at once for a DNS provider that it does not know', async () => {
    const { code, output } = await runOnce('--dns-provider=powerdns', '--federation-name=f', '--zone-name=z.example');
    expect(code).toBe(255);
    expect(output).toContain('unknown DNS provider "powerdns"');
  });

  it('refuses a flag that it does not know', async () => {
    const { code, output } = await runOnce('--no-such-flag=1');
    expect(code).not.toBe(0);
    expect(output).toContain('unknown flag: --no-such-flag');
  });
}

interface Host {
  world: World;
  manager: Running & { port: number };
  member: Member;
  /** A member whose certificate is of a CA that nobody trusts. */
  imposter: Member;
}

function describeConditions(host: () => Host): void {
  const main = (): Endpoint => host().world.main.endpoint;
  const at = (serverAddress: string, secret?: string): object => ({
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
    ...(secret ? { secretRef: { name: secret } } : {}),
  });

  it('says Ready, alone, of a member that answers ok; nothing before the first probe', async () => {
    const { member } = host();
    expect((await created(main(), cluster('ready', at(member.address, 'good')))).status).toEqual({});
    expect(said(await probed(main(), 'ready'))).toEqual([ready]);
  }, 20_000);

  it('takes a Secret with token and ca.crt', async () => {
    const { member, world } = host();
    await putSecret(main(), 'token-and-ca', { token: tokens.member, 'ca.crt': read(world.ca.cert) });
    await created(main(), cluster('by-token', at(member.address, 'token-and-ca')));
    expect(said(await probed(main(), 'by-token'))).toEqual([ready]);
  }, 20_000);

  it('takes a kubeconfig with a client certificate, and the address of the Cluster instead of its own', async () => {
    const { world } = host();
    const { cert, key } = makeCertificate(world.folder, 'member-client', world.ca);
    const encoded = (file: string): string => Buffer.from(read(file)).toString('base64');
    const user = { 'client-certificate-data': encoded(cert), 'client-key-data': encoded(key) };
    await putSecret(main(), 'by-certificate', { kubeconfig: world.kubeconfig('https://unused.invalid', user) });
    // The API server itself plays the member.
    const address = `https://127.0.0.1:${main().port}`;
    await created(main(), cluster('by-certificate', at(address, 'by-certificate')));
    expect(said(await probed(main(), 'by-certificate'))).toEqual([ready]);
  }, 20_000);

  it('says the same of a refused connection, a bad token, a wrong CA and an error: Offline, and no Ready', async () => {
    const { member, imposter, world } = host();
    const wrongToken = world.kubeconfig('https://unused.invalid', { token: tokens.wrong });
    await putSecret(main(), 'wrong-token', { kubeconfig: wrongToken });
    const nobody = `https://127.0.0.1:${await freePort()}`;
    await created(main(), cluster('refused', at(nobody, 'good')));
    await created(main(), cluster('bad-token', at(member.address, 'wrong-token')));
    await created(main(), cluster('wrong-ca', at(imposter.address, 'good')));
    await created(main(), cluster('anonymous', at(member.address)));
    for (const name of ['refused', 'bad-token', 'wrong-ca', 'anonymous']) {
      expect([name, said(await probed(main(), name))]).toEqual([name, [offline]]);
    }
  }, 30_000);

  it('says NotReady and reachable for a 200 that is not ok, Offline for a 500, and Ready again', async () => {
    const { member } = host();
    const expectSoon = (wanted: object[]): Promise<void> =>
      until(`conditions ${JSON.stringify(wanted)}`, 15_000, async () => {
        expect(said((await get(main(), 'ready')).body)).toEqual(wanted);
        return true;
      }).then(() => undefined);
    Object.assign(member.answer, { status: 200, body: 'not well' });
    await expectSoon(notReady);
    Object.assign(member.answer, { status: 500, body: 'ok' });
    await expectSoon([offline]);
    Object.assign(member.answer, { status: 200, body: 'ok' });
    await expectSoon([ready]);
  }, 50_000);

  it('changes lastProbeTime at every tick: one MODIFIED event a period, while lastTransitionTime stays', async () => {
    const watching = await watch(main(), `${clusters}?watch=true&fieldSelector=metadata.name%3Dready`);
    const changes = (): Condition[] =>
      watching.events.filter(({ type }) => type === 'MODIFIED').map(({ object }) => object.status.conditions![0]!);
    await until('three MODIFIED events', 15_000, () => (changes().length >= 3 ? true : undefined));
    watching.close();
    const first = changes().slice(0, 3);
    expect(new Set(first.map(({ lastProbeTime }) => lastProbeTime)).size).toBe(3);
    expect(new Set(first.map(({ lastTransitionTime }) => lastTransitionTime)).size).toBe(1);
  }, 20_000);
}

function describeNeverAgain(host: () => Host): void {
  const main = (): Endpoint => host().world.main.endpoint;
  const at = (serverAddress: string, name: string): object => ({
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
    secretRef: { name },
  });

  it.each([
    ['a token and no CA', 'half-token', (): Record<string, string> => ({ token: tokens.member })],
    ['a CA and no token', 'half-ca', (): Record<string, string> => ({ 'ca.crt': read(host().world.ca.cert) })],
    ['no kubeconfig worth the name', 'half-kubeconfig', (): Record<string, string> => ({ kubeconfig: '{' })],
  ])(
    'leaves the status empty for a Secret with %s; fixed, it is not noticed',
    async (_, name, data) => {
      const { member, world } = host();
      await putSecret(main(), name, data());
      await created(main(), cluster(name, at(member.address, name)));
      await twoTicks(main(), 'ready');
      await putSecret(main(), name, { token: tokens.member, 'ca.crt': read(world.ca.cert) });
      await twoTicks(main(), 'ready');
      expect((await get(main(), name)).body.status).toEqual({});
      await remove(main(), name);
      await created(main(), cluster(name, at(member.address, name)));
      expect(said(await probed(main(), name))).toEqual([ready]);
    },
    45_000,
  );

  it('does not notice an edited spec; the Cluster must be deleted and created again', async () => {
    const { member } = host();
    const nobody = `https://127.0.0.1:${await freePort()}`;
    await created(main(), cluster('edited', at(nobody, 'good')));
    await probed(main(), 'edited');
    const edit = { spec: at(member.address, 'good') };
    expect((await patch(main(), 'edited', patchTypes.merge, edit)).status).toBe(200);
    await twoTicks(main(), 'edited');
    expect(said((await get(main(), 'edited')).body)).toEqual([offline]);
    await remove(main(), 'edited');
    await created(main(), cluster('edited', at(member.address, 'good')));
    expect(said(await probed(main(), 'edited'))).toEqual([ready]);
  }, 45_000);
}

/** With an API server of its own: every registered cluster counts, and the main one has some that are never Ready. */
function describeDeletion(host: () => Host): void {
  it('lets an object that is deleted stay until every registered cluster is Ready', async () => {
    const { world, member } = host();
    const federation = await world.startApiserver('/held');
    const { endpoint } = federation;
    const addresses = (serverAddress: string): object => ({
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
      secretRef: { name: 'good' },
    });
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'people' } };
    await send(endpoint, '/api/v1/namespaces', { method: 'POST', body });
    await created(endpoint, cluster('well', addresses(member.address)));
    await created(endpoint, cluster('away', addresses(`https://127.0.0.1:${await freePort()}`)));
    const manager = await world.startControllerManager(federation);
    await probed(endpoint, 'well');
    const maps = '/api/v1/namespaces/people/configmaps';
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held' }, data: { a: 'b' } };
    expect((await send(endpoint, maps, { method: 'POST', body: map })).status).toBe(201);
    const held = (): Promise<Answer> => send(endpoint, `${maps}/held`);
    await until('the controller manager has seen it', 15_000, async () =>
      (await held()).body.metadata.finalizers?.length ? true : undefined,
    );
    expect((await send(endpoint, `${maps}/held`, { method: 'DELETE' })).status).toBe(200);
    await twoTicks(endpoint, 'well');
    const still = await held();
    expect(still.status).toBe(200);
    expect(still.body.metadata.deletionTimestamp).toBeTruthy();
    await remove(endpoint, 'away');
    await until('it goes', 15_000, async () => ((await held()).status === 404 ? true : undefined));
    await manager.stop();
    await federation.process.stop();
  }, 90_000);
}

function describeEnd(host: () => Host): void {
  const main = (): Endpoint => host().world.main.endpoint;

  it('serves /healthz and /metrics on its port', async () => {
    const base = `http://127.0.0.1:${host().manager.port}`;
    expect(await (await fetch(`${base}/healthz`)).text()).toBe('ok');
    expect(await (await fetch(`${base}/metrics`)).text()).toMatch(/^# TYPE \w+ \w+$/m);
  });

  it('crashes at a clientCIDR without its own address, again and again until the Cluster is deleted', async () => {
    const { world, manager } = host();
    const elsewhere = [{ clientCIDR: '192.0.2.1/32', serverAddress: 'https://127.0.0.1:1' }];
    await created(main(), cluster('elsewhere', { serverAddressByClientCIDRs: elsewhere }));
    expect(await manager.exited).not.toBe(0);
    expect(await (await world.startControllerManager(world.main)).exited).not.toBe(0);
    await remove(main(), 'elsewhere');
    const next = await world.startControllerManager(world.main);
    await twoTicks(main(), 'ready');
    expect(next.hasExited()).toBe(false);
    await next.stop();
  }, 60_000);

  it('writes no secret into its log, nor does the API server', () => {
    const { world, manager } = host();
    const log = manager.output() + world.main.process.output();
    if (isStandIn) expect(log).toContain('federation-controller-manager v1.4.0-standin, a stand-in');
    for (const token of Object.values(tokens)) expect(log).not.toContain(token);
  });
}

/** What federation-controller-manager does. `blocked` was started beforehand: it takes a minute. */
export function describeControllerManager(world: () => World, blocked: () => Promise<BlockedTimeline>): void {
  describe('federation-controller-manager', () => {
    let host: Host;

    beforeAll(async () => {
      const main = world().main.endpoint;
      const good = world().kubeconfig('https://unused.invalid', { token: tokens.member });
      await putSecret(main, 'good', { kubeconfig: good });
      const { items } = (await send(main, clusters)).body;
      await Promise.all(items.map(({ metadata }) => remove(main, metadata.name)));
      const { folder, ca, otherCA } = world();
      host = {
        world: world(),
        member: await startMember(makeCertificate(folder, 'member', ca)),
        imposter: await startMember(makeCertificate(folder, 'imposter', otherCA)),
        manager: await world().startControllerManager(world().main),
      };
    }, 30_000);
    afterAll(async () => {
      await host?.manager.stop();
      await host?.member.stop();
      await host?.imposter.stop();
    });

    describe('its start', () => describeStart(world));
    describe('conditions', () => describeConditions(() => host));
    describe('what it never notices', () => describeNeverAgain(() => host));
    describe('what is deleted', () => describeDeletion(() => host));
    describe('its end', () => describeEnd(() => host));

    describe('an absent Secret', () => {
      it('blocks the status of all clusters for a minute; made later, it is not noticed', async () => {
        const seen = await blocked();
        expect(seen.silentSeconds).toBeGreaterThan(50);
        expect(seen.silentSeconds).toBeLessThan(75);
        expect(seen.afterSecretCame).toEqual({});
        expect(said(seen.afterRecreation)).toEqual([ready]);
      }, 110_000);
    });
  });
}
