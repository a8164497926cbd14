import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { activityEnvironment } from '../../helpers/temporal/activity-environment.ts';
import { builderId } from '../../../activities/images/build-host.ts';
import { lockFileOf } from '../../../activities/images/build-lock.ts';
import { imagesActivities } from '../../../activities/images/images.ts';
import { failureOf } from '../../helpers/kubernetes/member-world.ts';
import {
  machine,
  world,
  images,
  imagesStage,
  until,
  withEnv,
  call,
  buildSpec,
  binaries,
} from '../../helpers/images/images-stage.ts';

imagesStage();

const pidIn = (file: string): number => Number(readFileSync(file, 'utf8').trim());
const hasPid = (file: string): boolean => existsSync(file) && readFileSync(file, 'utf8').trim() !== '';
/** Where a build of this source has its lock; the folder of it is there. */
async function lockIn(source: string): Promise<string> {
  const lock = await lockFileOf(world.deps.stateFolder, source);
  await binaries(source, ['test', '-e', lock]);
  return lock;
}
const isGone = (pid: number): boolean => {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return stat === '' || /\) Z /.test(stat);
};

describe('buildBinaries', () => {
  const logOf = (): string =>
    readFileSync(join(world.deps.stateFolder, 'builds', 'myfederation', 'images-binaries.log'), 'utf8');

  it('runs in the source folder, with the environment of the worker, into a log of its own', async () => {
    const source = machine.source();
    withEnv({ GREETING: 'hello' });
    const result = await binaries(source, ['sh', '-c', 'echo "$GREETING" > made; echo out; echo err >&2']);
    const worker = await builderId(world.deps.stateFolder);
    expect(result).toMatchObject({
      outcome: 'done',
      facts: { worker, source: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
    expect(readFileSync(join(source, 'made'), 'utf8')).toBe('hello\n');
    expect(logOf().split('\n').sort()).toEqual(['', expect.stringMatching(/^\$ sh/), 'err', 'out']);
    const mode = statSync(join(world.deps.stateFolder, 'builds', 'myfederation', 'images-binaries.log')).mode;
    expect(mode & 0o777).toBe(0o600);
  });

  it('fails with the last lines and the path of the log', async () => {
    const failed = await failureOf(
      binaries(machine.source(), ['sh', '-c', 'for i in $(seq 1 100); do echo "line $i"; done; exit 3']),
    );
    expect(failed).toMatchObject({ type: 'BUILD_FAILED', nonRetryable: true });
    expect(failed.message).toContain('ended with status 3');
    expect(failed.message).toContain('images-binaries.log');
    expect(failed.message).toContain('\nline 86\n');
    expect(failed.message).toMatch(/line 100$/);
    expect(failed.message).not.toContain('line 85');
    expect(logOf()).toContain('line 1\n');
  });

  it('keeps the last lines even when they are long', async () => {
    const failed = await failureOf(
      binaries(machine.source(), ['sh', '-c', 'for i in $(seq 1 9); do printf "%0400d word$i\\n" 0; done; exit 1']),
    );
    expect(failed.message).toMatch(/word9$/);
    expect(Buffer.byteLength(failed.message)).toBeLessThanOrEqual(2_000);
  });

  it('lets no secret into log, failure or heartbeat', async () => {
    const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7';
    const script = `echo "password=hunter2hunter2"; printf -- '-----BEGIN PRIVATE KEY-----\\n${body}\\n-----END PRIVATE KEY-----\\n'; exit 1`;
    const heartbeats: unknown[] = [];
    const env = activityEnvironment();
    env.on('heartbeat', (detail) => heartbeats.push(detail));
    const source = machine.source();
    writeFileSync(join(source, 'leak.sh'), script);
    const failed = await failureOf(
      env.run(images.buildBinaries, call('images/binaries', buildSpec(source, { binaries: ['sh', 'leak.sh'] }))),
    );
    expect(heartbeats.length).toBeGreaterThan(0);
    for (const text of [failed.message, logOf(), JSON.stringify(heartbeats)]) {
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain(body);
    }
    expect(logOf()).toContain('password=[redacted]');
  });

  it('has one lock for a folder, by whatever path it is named', async () => {
    const source = machine.source();
    const link = `${source}-link`;
    symlinkSync(source, link);
    const script = 'echo first >> order; until [ -e go ]; do sleep 0.05; done; echo last >> order';
    const slow = binaries(source, ['sh', '-c', script]);
    await until('the first build', () => existsSync(join(source, 'order')));
    // Another worker of this machine, so that it is the lock that they share and not the slot.
    const { buildBinaries } = imagesActivities({ ...world.deps, env: machine.env });
    const env = activityEnvironment();
    const told: unknown[] = [];
    env.on('heartbeat', (detail) => told.push(detail));
    const argv = { binaries: ['sh', '-c', 'echo second >> order'] };
    const second = env.run(buildBinaries, call('images/binaries', buildSpec(`${link}/`, argv)));
    await until('the word of waiting', () => JSON.stringify(told).includes(`another build in ${link}/`));
    writeFileSync(join(source, 'go'), '');
    await Promise.all([slow, second]);
    expect(readFileSync(join(source, 'order'), 'utf8')).toBe('first\nlast\nsecond\n');
  });

  it('is the only build of its worker, whatever the source', async () => {
    const [one, two] = [machine.source(), machine.source()];
    const slow = binaries(one, ['sh', '-c', 'touch began; until [ -e go ]; do sleep 0.05; done']);
    await until('the first build', () => existsSync(join(one, 'began')));
    const env = activityEnvironment();
    const told: unknown[] = [];
    env.on('heartbeat', (detail) => told.push(detail));
    const argv = { binaries: ['touch', 'began'] };
    const second = env.run(images.buildBinaries, call('images/binaries', buildSpec(two, argv)));
    await until('the word of waiting', () => JSON.stringify(told).includes('another build of this worker'));
    expect(existsSync(join(two, 'began'))).toBe(false);
    const third = activityEnvironment();
    const never = third.run(images.buildBinaries, call('images/binaries', buildSpec(two, argv)));
    third.cancel();
    await expect(never).rejects.toMatchObject({ name: 'CancelledFailure' });
    writeFileSync(join(one, 'go'), '');
    await Promise.all([slow, second]);
    expect(existsSync(join(two, 'began'))).toBe(true);
  });

  it('says what cannot be run', async () => {
    expect(await failureOf(binaries(machine.source(), ['no-such-program']))).toMatchObject({
      type: 'BUILD_FAILED',
      message: expect.stringContaining('no-such-program ended with ENOENT'),
    });
  });

  it('does not wait for a process that the build left behind', async () => {
    const source = machine.source();
    await binaries(source, ['sh', '-c', 'sleep 3000 & echo $! > pid']);
    const pid = pidIn(join(source, 'pid'));
    expect(isGone(pid)).toBe(false);
    process.kill(pid, 'SIGKILL');
  });

  it.each([
    ['a build', 'sleep 3000 & echo $! > pid; wait'],
    ['one that leaves a child which ignores SIGTERM', '(trap "" TERM; exec sleep 3000) & echo $! > pid; wait'],
    ['one that ignores SIGTERM', 'trap "" TERM; sleep 3000 & echo $! > pid; wait; wait; sleep 3000'],
  ])(
    'ends %s, and what it started, when it is cancelled',
    async (_what, script) => {
      const source = machine.source();
      const env = activityEnvironment();
      const given = call('images/binaries', buildSpec(source, { binaries: ['sh', '-c', script] }));
      const running = env.run(images.buildBinaries, given).catch((error: unknown) => error);
      const pid = join(source, 'pid');
      await until('the child', () => hasPid(pid));
      env.cancel();
      expect(await running).toMatchObject({ name: 'CancelledFailure' });
      await until('the end of the child', () => isGone(pidIn(pid)));
      // The lock is given back: another build of the same source starts at once.
      expect((await binaries(source, ['true'])).outcome).toBe('done');
    },
    30_000,
  );

  it('waits for another build of the same source, and says so', async () => {
    const source = machine.source();
    const slow = binaries(source, [
      'sh',
      '-c',
      'echo first >> order; until [ -e go ]; do sleep 0.05; done; echo last >> order',
    ]);
    await until('the first build', () => existsSync(join(source, 'order')));
    const env = activityEnvironment();
    const told: unknown[] = [];
    env.on('heartbeat', (detail) => told.push(detail));
    const argv = { binaries: ['sh', '-c', 'echo second >> order'] };
    const second = env.run(images.buildBinaries, call('images/binaries', buildSpec(source, argv)));
    await until('the word of waiting', () => JSON.stringify(told).includes('waits for another build'));
    expect(readFileSync(join(source, 'order'), 'utf8')).toBe('first\n');
    writeFileSync(join(source, 'go'), '');
    await Promise.all([slow, second]);
    expect(readFileSync(join(source, 'order'), 'utf8')).toBe('first\nlast\nsecond\n');
  });

  it('ends with its worker, by itself, and leaves a lock that can be taken', async () => {
    const source = machine.source();
    const argv = { binaries: ['sh', '-c', 'sleep 300 & echo $! > pid; wait'] };
    const given = call('images/binaries', buildSpec(source, argv));
    const at = (path: string): string => JSON.stringify(pathToFileURL(join(process.cwd(), path)).href);
    const script = `
      const { imagesActivities } = await import(${at('activities/images/images.ts')});
      const { kubeClients } = await import(${at('activities/clients/kube/kube.ts')});
      const log = { info() {}, warn() {} };
      const deps = { kube: kubeClients({ HOME: '/nowhere' }), runs: {}, log, env: process.env, stateFolder: process.env.STATE };
      await imagesActivities(deps).buildBinaries(JSON.parse(process.env.CALL));`;
    const worker = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...machine.env, STATE: world.deps.stateFolder, CALL: JSON.stringify(given), NODE_OPTIONS: '' },
      stdio: 'ignore',
    });
    const pid = join(source, 'pid');
    await until('the child', () => hasPid(pid));
    const locks = join(world.deps.stateFolder, 'builds', 'locks');
    await until('its mark in the lock', () =>
      readFileSync(join(locks, readdirSync(locks)[0]!), 'utf8').includes('child'),
    );
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGKILL');
    await gone;
    // Nobody came after it.
    await until('the end of the build', () => isGone(pidIn(pid)));
    expect((await binaries(source, ['true'])).outcome).toBe('done');
    expect(readdirSync(locks)).toEqual([]);
  }, 150_000);

  it('takes the lock of a killed worker, and ends what it left running', async () => {
    const source = machine.source();
    const lock = await lockIn(source);
    const orphan = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    orphan.unref();
    const stat = readFileSync(`/proc/${orphan.pid}/stat`, 'utf8');
    const child = { pid: orphan.pid, started: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] };
    writeFileSync(lock, JSON.stringify({ pid: 2 ** 22 + 1, started: '0', step: 'fed images/binaries', child }));
    expect((await binaries(source, ['true'])).outcome).toBe('done');
    await until('the end of the orphan', () => isGone(Number(orphan.pid)));
    expect(existsSync(lock)).toBe(false);
  }, 150_000);
});

it('takes a lock that a crash of the machine left without its text', async () => {
  const source = machine.source();
  const lock = await lockIn(source);
  writeFileSync(lock, '');
  expect((await binaries(source, ['true'])).outcome).toBe('done');
  expect(existsSync(lock)).toBe(false);
});
