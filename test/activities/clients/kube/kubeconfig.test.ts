import { delimiter } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kubeClients } from '../../../../activities/clients/kube/kube.ts';
import { type KubeApiserver, startKubeApiserver } from '../../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf } from '../../../helpers/kubernetes/member-world.ts';

let server: KubeApiserver;
beforeAll(async () => {
  server = await startKubeApiserver();
}, 120_000);
afterAll(() => server?.stop());

describe('$KUBECONFIG', () => {
  const list = (...files: string[]): string => files.join(delimiter);

  it('may list files that are not there, as for kubectl; a file that the spec names may not', async () => {
    const clients = kubeClients({ KUBECONFIG: list('/nowhere/config', server.kubeconfig) });
    const kube = await clients.forContext({ context: server.context });
    expect((await kube.get('/readyz')).status).toBe(200);
    const none = kubeClients({ KUBECONFIG: '/nowhere/config' }).forContext({ context: 'admin' });
    expect(await failureOf(none as never)).toMatchObject({
      type: 'CONTEXT_NOT_FOUND',
      message: expect.stringContaining('contexts there: none'),
    });
    const named = clients.forContext({ context: 'admin', kubeconfig: '/nowhere/config' });
    expect(await failureOf(named as never)).toMatchObject({
      type: 'CONTEXT_NOT_FOUND',
      message: expect.stringContaining('cannot read kubeconfig /nowhere/config'),
    });
  });
});
