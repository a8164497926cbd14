import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Docker, startDocker } from '../../../helpers/images/docker.ts';
import { imageRun, type ImageRun } from '../../../helpers/images/image-run.ts';
import { imageWorld, type ImageWorld } from '../../../helpers/images/image-world.ts';
import { type Registry, startRegistry } from '../../../helpers/images/registry.ts';

/** The engines that Debian has, each with its own storage, against a real registry. */
let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
  await registry.put('etcd', '3.6.8');
}, 60_000);
afterAll(() => registry?.stop());

/** A folder with a shell and sleep of this machine, and the libraries that they need: an image that can run. */
function rootWithShell(folder: string): void {
  for (const program of ['/bin/dash', '/bin/sleep']) {
    const libraries = execFileSync('ldd', [program]).toString().match(/\/\S+/g) ?? [];
    for (const file of [program, ...libraries]) {
      const to = join(folder, file === '/bin/dash' ? '/bin/sh' : file);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(file, to);
    }
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 240_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > end) throw new Error(`not seen: ${what}`);
}

/** Ids of the processes whose command line holds this text. */
const processesWith = (text: string): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false; // it has ended
      }
    });

/** Ends a process that may have ended by itself. */
function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has
  }
}

describe.each(['buildah', 'podman', 'docker'] as const)('%s', (engine) => {
  let machine: ImageWorld;
  let docker: Docker | undefined;
  let run: ImageRun;
  beforeAll(async () => {
    machine = imageWorld();
    docker = engine === 'docker' ? await startDocker() : undefined;
    run = imageRun(machine, docker?.env);
  }, 90_000);
  afterAll(async () => {
    await docker?.stop();
    machine?.remove();
  });

  /** A source whose image runs these commands while it is built. */
  function sourceOf(...commands: string[]): string {
    const source = machine.source({ content: `${Math.random()}` });
    rootWithShell(join(source, 'root'));
    const lines = ['FROM scratch', 'COPY root /', 'COPY content /', ...commands.map((line) => `RUN ${line}`)];
    writeFileSync(join(source, 'Dockerfile'), `${lines.join('\n')}\n`);
    return source;
  }
  const specOf = (source: string, push: object = {}): object => ({
    etcd: { image: `${registry.name}/etcd:3.6.8` },
    apiserver: { name: `of-${engine}` },
    controllerManager: { name: `of-${engine}` },
    build: { source, binaries: ['true'], engine, push: { registry: registry.name, ...push } },
    insecureRegistries: [registry.name],
  });

  it('builds and pushes, and does neither a second time', async () => {
    const spec = specOf(sourceOf('echo built > /built'), { tag: 'v1' });
    expect((await run.checkBuild(spec)).note).toContain(`${engine} will build`);
    const built = await run.build(spec);
    expect(built).toMatchObject({ outcome: 'created', facts: { tag: 'v1' } });
    expect(await run.build(spec)).toMatchObject({ outcome: 'kept', facts: built.facts });
    const pushed = await run.push(spec, built.facts);
    expect(pushed.outcome).toBe('created');
    expect(await registry.head(`of-${engine}`, 'v1')).toEqual({ status: 200, digest: pushed.facts.digest });
    const writes = (): number => registry.requests(/"(PUT|POST|PATCH) /).length;
    const before = writes();
    expect(await run.push(spec, built.facts)).toMatchObject({ outcome: 'kept', facts: pushed.facts });
    expect(writes()).toBe(before);
  }, 180_000);

  it('finds what it built under whatever registry it is pushed to', async () => {
    const source = sourceOf();
    const built = await run.build(specOf(source, { registry: 'localhost' }));
    expect(built.outcome).toBe('created');
    expect(await run.build(specOf(source))).toMatchObject({ outcome: 'kept', facts: built.facts });
  }, 120_000);

  it('ends, with all that it started, when it is cancelled', async () => {
    const nap = `4711.${process.pid}`;
    const source = sourceOf(`echo asleep; sleep ${nap}`);
    const building = run.start('build', specOf(source));
    await until('the sleep', () => processesWith(nap).length > 0);
    building.cancel();
    expect(await building.ended).toMatchObject({ name: 'CancelledFailure' });
    await until('its end', () => processesWith(nap).length === 0);
  }, 120_000);

  it('goes on from the last layer when it was killed', async () => {
    const [nap, next] = [`4712.${process.pid}`, `4713.${process.pid}`];
    // Each command goes on when its sleep is killed, which is when what it said has been seen: a build tells the last of
    // what it heard every so often, and not all of it.
    const sleep = (time: string): string => `sleep ${time} || true`;
    const source = sourceOf(
      'echo ran-$((40+1))',
      `echo ran-$((40+2)); ${sleep(nap)}`,
      `echo ran-$((40+3)); ${sleep(next)}`,
    );
    // What a command said may be seen before its sleep begins.
    const wake = async (time: string): Promise<void> => {
      const asleep = (): number[] => processesWith(`sleep\0${time}`);
      await until(`sleep ${time}`, () => asleep().length > 0);
      asleep().forEach(killed);
    };
    const saw = (text: string, { told }: { told: string[] }): Promise<void> =>
      until(text, () => told.some((line) => line.includes(text)));
    const spec = specOf(source);
    const first = run.start('build', spec);
    await saw('ran-42', first);
    for (const pid of [...processesWith(source), ...processesWith(nap)]) killed(pid);
    expect(await first.ended).toMatchObject({ type: 'BUILD_FAILED' });
    await until('its end', () => processesWith(nap).length === 0);
    const second = run.start('build', spec);
    await saw('ran-42', second);
    await wake(nap);
    await saw('ran-43', second);
    await wake(next);
    expect(await second.ended).toMatchObject({ outcome: 'created' });
    expect(second.told.join('\n')).not.toContain('ran-41');
  }, 180_000);
});
