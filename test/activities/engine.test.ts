import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Command } from '../../activities/build-process.ts';
import { type Engine, type EngineName, findEngine } from '../../activities/clients/engine.ts';

/** What each engine is called with: only buildah is on every machine; it is tried for real in images.test.ts. */
const folder = mkdtempSync(join(tmpdir(), 'fedctl-engine-'));
const env = { PATH: folder };
for (const name of ['docker', 'podman', 'buildah', 'nerdctl']) writeFileSync(join(folder, name), '', { mode: 0o755 });
const id = `sha256:${'c'.repeat(64)}`;
const digest = `sha256:${'d'.repeat(64)}`;

interface Seen extends Command {
  /** Text and rights of the config.json that the command was given. */
  config?: { text: string; mode: number } | undefined;
}

async function engineWith(name: EngineName, answer = ''): Promise<{ engine: Engine; seen: Seen[] }> {
  const seen: Seen[] = [];
  const run = async (command: Command) => {
    const config = join(command.env['DOCKER_CONFIG'] ?? '/nowhere', 'config.json');
    const given = existsSync(config)
      ? { text: readFileSync(config, 'utf8'), mode: statSync(dirname(config)).mode & 0o777 }
      : undefined;
    seen.push({ ...command, config: given });
    const at = command.argv.indexOf('--digestfile');
    if (at > 0) writeFileSync(command.argv[at + 1]!, `${digest}\n`);
    return { status: 0, answer, how: 'status 0' };
  };
  const engine = await findEngine(name, env, run, (kind) => new Error(kind));
  seen.splice(0); // the look for docker's daemon
  return { engine, seen };
}
const argvs = (seen: Seen[]): string[] => seen.map(({ argv }) => argv.join(' '));

describe('build', () => {
  const what = { context: '/src', dockerfile: '/src/Dockerfile', tags: ['r.io/a:1'] };

  it.each([
    ['docker', 'docker build -f /src/Dockerfile -t r.io/a:1 /src'],
    ['nerdctl', 'nerdctl build -f /src/Dockerfile -t r.io/a:1 /src'],
    ['podman', 'podman build --timestamp 0 -f /src/Dockerfile -t r.io/a:1 /src'],
    ['buildah', 'buildah build --isolation chroot --timestamp 0 -f /src/Dockerfile -t r.io/a:1 /src'],
  ] as const)('%s: %s', async (name, argv) => {
    const { engine, seen } = await engineWith(name);
    await engine.build(what);
    expect(argvs(seen)).toEqual([argv]);
    expect(seen[0]!.env['SOURCE_DATE_EPOCH']).toBe('0');
  });
});

describe('find', () => {
  it.each([
    ['docker', `${id} r.io/other:1\n${id.replaceAll('c', 'e')} busybox:1\n`, 'docker.io/library/busybox:1'],
    ['nerdctl', `${id} r.io/other:1\n${id.replaceAll('c', 'e')} r.io/a:1\n`, 'r.io/a:1'],
    [
      'podman',
      `[{"Id": "${'e'.repeat(64)}", "Names": ["r.io/x:1", "r.io/a:1"]}, {"Id": "f", "Names": null}]`,
      'r.io/a:1',
    ],
    ['buildah', `[{"id": "${'e'.repeat(64)}", "names": ["r.io/a:1"]}]`, 'r.io/a:1'],
  ] as const)('reads the list of %s', async (name, answer, reference) => {
    const { engine } = await engineWith(name, answer);
    const other = `sha256:${'e'.repeat(64)}`;
    expect(await engine.find(reference)).toBe(other);
    expect(await engine.find('r.io/a:2')).toBeUndefined();
    expect(await engine.has(other)).toBe(true);
    expect(await engine.has(digest)).toBe(false);
  });

  it('has nothing in an empty list', async () => {
    for (const answer of ['', '[]', 'null'])
      expect(await (await engineWith('buildah', answer)).engine.has(id)).toBe(false);
  });
});

describe('push', () => {
  const files = mkdtempSync(join(tmpdir(), 'fedctl-engine-'));
  mkdirSync(files, { recursive: true });
  const [caFile, authFile] = [join(files, 'ca.pem'), join(files, 'auth.json')];
  writeFileSync(caFile, 'CA');
  writeFileSync(authFile, '{"auths":{}}');
  const what = { imageId: id, reference: 'r.io/a:1', insecure: true, caFile, authFile };

  it.each(['buildah', 'podman'] as const)('%s takes all as flags and tells the digest', async (name) => {
    const { engine, seen } = await engineWith(name);
    expect(await engine.push(what)).toBe(digest);
    expect(argvs(seen)[0]).toMatch(
      new RegExp(
        `^${name} push --tls-verify=false --cert-dir \\S+ --authfile ${authFile} --digestfile \\S+ ${'c'.repeat(64)} docker://r.io/a:1$`,
      ),
    );
    const { engine: plain, seen: plainSeen } = await engineWith(name);
    await plain.push({ imageId: id, reference: 'r.io/a:1', insecure: false });
    expect(argvs(plainSeen)[0]).toMatch(
      new RegExp(`^${name} push --digestfile \\S+ ${'c'.repeat(64)} docker://r.io/a:1$`),
    );
  });

  it.each([
    ['docker', 'docker push r.io/a:1'],
    ['nerdctl', 'nerdctl --insecure-registry push r.io/a:1'],
  ] as const)('%s gets the name first, and the credentials in a folder for itself', async (name, argv) => {
    const { engine, seen } = await engineWith(name);
    expect(await engine.push(what)).toBeUndefined();
    expect(argvs(seen)).toEqual([`${name} tag ${id} r.io/a:1`, argv]);
    expect(seen[1]!.config).toEqual({ text: '{"auths":{}}', mode: 0o700 });
    expect(existsSync(seen[1]!.env['DOCKER_CONFIG']!)).toBe(false);
  });
});
