import { describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cluster, clusters, created, putSecret } from './objects.ts';
import { runToEnd, until } from './processes.ts';
import { send } from './request.ts';
import { tokens, type World } from './world.ts';

/** The two things in which the stand-in is kinder than the real one, and what only a stand-in says. */
export function describeStandIn(world: () => World): void {
  const kubectl = async (...args: string[]): Promise<{ code: number; output: string }> => {
    const { port } = world().main.endpoint;
    const file = join(world().folder, 'kubectl.kubeconfig');
    writeFileSync(file, world().kubeconfig(`https://127.0.0.1:${port}`, { token: tokens.admin }), { mode: 0o600 });
    return runToEnd(world().kubectl, args, { KUBECONFIG: file, HOME: world().folder });
  };

  describe('the stand-in alone', () => {
    it('serves OpenAPI, so that kubectl create -f needs no --validate=false', async () => {
      const file = join(world().folder, 'cluster.json');
      writeFileSync(file, JSON.stringify(cluster('by-kubectl', { secretRef: { name: 'any' } })));
      expect(await kubectl('create', '-f', file)).toEqual({
        code: 0,
        output: 'cluster.federation/by-kubectl created\n',
      });
      writeFileSync(file, JSON.stringify(cluster('by-kubectl-2', { serverAddress: 'misplaced' })));
      const refused = await kubectl('create', '-f', file);
      expect(refused.code).toBe(1);
      expect(refused.output).toContain('unknown field "serverAddress"');
    }, 30_000);

    it('prints NAME STATUS AGE', async () => {
      const ready = await created(world().main.endpoint, cluster('printed'));
      const status = { conditions: [{ type: 'Ready', status: 'True' }] };
      const put = { method: 'PUT', body: { ...ready, status } };
      expect((await send(world().main.endpoint, `${clusters}/printed/status`, put)).status).toBe(200);
      const { output } = await kubectl('get', 'clusters', 'printed');
      expect(output).toMatch(/^NAME +STATUS +AGE\nprinted +Ready +\d+s\n$/);
    }, 30_000);

    it('says that it is one', async () => {
      expect((await send(world().main.endpoint, '/version')).body.gitVersion).toContain('standin');
      expect(world().main.process.output()).toContain('a stand-in');
    });

    it('reads its credentials from a Secret of the host when no --kubeconfig is given, as in 1.4', async () => {
      const kubeconfig = world().kubeconfig('https://unused.invalid', { token: tokens.admin });
      await putSecret(world().main.endpoint, 'federation-apiserver-kubeconfig', { kubeconfig });
      const manager = await world().startControllerManager(world().main, ['--kubeconfig=']);
      await until('it probes', 10_000, () => (manager.output().includes('probing clusters') ? true : undefined));
      expect(await manager.stop()).toBe(0);
    }, 20_000);

    it.each([
      ['hyperkube', 'federation-apiserver', 'enable-admission-plugins', 'NamespaceLifecycle'],
      ['fcp', 'federation-apiserver', 'admission-control', 'NamespaceLifecycle'],
      ['fcp', 'federation-apiserver', 'service-cluster-ip-range', '10.0.0.0/16'],
    ])('as /%s, %s knows no --%s', async (name, server, flag, value) => {
      const binary = name === 'fcp' ? world().fcp : world().binary;
      const { code, output } = await runToEnd(binary, [server, `--${flag}=${value}`]);
      expect([code, output]).toEqual([1, `Error: unknown flag: --${flag}\n`]);
    });

    it.each(['federation-apiserver', 'federation-controller-manager'])('lists the flags of %s', async (server) => {
      for (const binary of [world().binary, world().fcp]) {
        const { code, output } = await runToEnd(binary, [server, '--help']);
        expect(code).toBe(0);
        expect(output).toContain(server === 'federation-apiserver' ? '--etcd-servers' : '--cluster-monitor-period');
      }
    });
  });
}
