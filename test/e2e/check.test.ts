import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CheckDocument } from '../../src/cli/views/check-model.ts';
import { eventually, layout, Operator, root } from './world.ts';

const name = 'checked';

/** From where the control plane stands: a pod of the host cluster. */
describe('check --in-cluster', () => {
  let operator: Operator;
  let file: string;
  beforeAll(async () => {
    operator = await Operator.create(name);
    // An address of the sandbox's network that nobody has: the worker reaches the member by its context all the same.
    const serverAddresses = [{ clientCIDR: '0.0.0.0/0', serverAddress: `https://10.${layout.id}.0.77:6443` }];
    const clusters = [
      { name: 'member-1', context: 'member-1' },
      { name: 'member-2', context: 'member-2', serverAddresses },
    ];
    file = await operator.spec(name, { spec: { clusters } });
  }, 60_000);
  afterAll(() => operator?.close());

  const left = async (): Promise<string> =>
    operator.kubectl('host', 'get', 'jobs,pods', '-n', 'default', '-l', `fedctl/check=${name}`, '-o', 'name');

  it('tells the member that only a pod of the host cannot reach, and leaves nothing', async () => {
    const { code, stdout } = await operator.fedctl('check', '-f', file, '--in-cluster', '-o', 'json');
    const { checks } = JSON.parse(stdout) as CheckDocument;
    expect(code).toBe(3);
    expect(checks.filter(({ result }) => result === 'error')).toMatchObject([
      {
        id: 'in-cluster/member-2',
        category: 'from the host cluster',
        message: expect.stringMatching(/timeout|deadline|no route/i),
      },
    ]);
    expect(checks.find(({ id }) => id === 'in-cluster/member-1')).toMatchObject({ result: 'ok' });
    await eventually(async () => (await left()) === '', 'Job and pod are gone', 30_000);
  }, 120_000);

  it('leaves nothing when it is killed while its pod asks', async () => {
    const child = spawn(join(root, 'fedctl'), ['check', '-f', file, '--in-cluster'], {
      cwd: operator.folder,
      env: operator.env,
      stdio: 'ignore',
    });
    await eventually(async () => (await left()).includes('pod/'), 'the pod is there', 60_000);
    child.kill('SIGKILL');
    await eventually(async () => (await left()) === '', 'the host cluster removes Job and pod by itself', 120_000);
  }, 200_000);
});
