import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Command } from '../../../../activities/clients/engine/command.ts';
import { expectGolden } from '../../../helpers/common/golden.ts';
import { type Engine, type EngineName, findEngine } from '../../../../activities/clients/engine/engine.ts';

/** What each engine is called with; engine-real.test.ts calls those that can be had. */
const folder = mkdtempSync(join(tmpdir(), 'fedctl-engine-'));
const env = { PATH: folder };
for (const name of ['docker', 'podman', 'buildah', 'nerdctl'])
  writeFileSync(join(folder, name), '#!/bin/sh\n', { mode: 0o755 });
const id = `sha256:${'c'.repeat(64)}`;
const digest = `sha256:${'d'.repeat(64)}`;

/** What engines write to the files that they are given. */
const files = { '--digestfile': `${digest}\n`, '--iidfile': id };

interface Seen extends Command {
  /** Text and rights of the config.json that the command was given. */
  config?: { text: string; mode: number } | undefined;
}

async function engineWith(
  name: EngineName,
  answer = '',
  more: NodeJS.ProcessEnv = {},
  statusOf: (argv: readonly string[]) => number = () => 0,
): Promise<{ engine: Engine; seen: Seen[] }> {
  const seen: Seen[] = [];
  const run = async (command: Command) => {
    const config = join(command.env['DOCKER_CONFIG'] ?? '/nowhere', 'config.json');
    const given = existsSync(config)
      ? { text: readFileSync(config, 'utf8'), mode: statSync(dirname(config)).mode & 0o777 }
      : undefined;
    seen.push({ ...command, config: given });
    for (const [flag, text] of Object.entries(files)) {
      const at = command.argv.indexOf(flag);
      if (at > 0) writeFileSync(command.argv[at + 1]!, text);
    }
    return { status: statusOf(command.argv), answer, how: 'status' };
  };
  const engine = await findEngine(name, { ...env, ...more }, run, (kind) => new Error(kind));
  return { engine, seen };
}
const argvs = (seen: Seen[]): string[] => seen.map(({ argv }) => argv.join(' '));

describe('build', () => {
  const what = () => ({
    context: '/src',
    dockerfile: '/src/Dockerfile',
    tag: 'r.io/a:1',
    folder: mkdtempSync(join(tmpdir(), 'fedctl-engine-')),
  });

  it.each([
    ['docker', 'docker build --iidfile ID -f /src/Dockerfile -t r.io/a:1 /src'],
    [
      'podman',
      'podman build --isolation chroot --layers --timestamp 0 --iidfile ID -f /src/Dockerfile -t r.io/a:1 /src',
    ],
    [
      'buildah',
      'buildah build --isolation chroot --layers --timestamp 0 --iidfile ID -f /src/Dockerfile -t r.io/a:1 /src',
    ],
  ] as const)('%s: %s', async (name, argv) => {
    const { engine, seen } = await engineWith(name);
    const given = what();
    expect(await engine.build(given)).toBe(id);
    expect(argvs(seen).map((line) => line.replace(join(given.folder, 'image-id'), 'ID'))).toEqual([argv]);
    expect(seen[0]!.env['SOURCE_DATE_EPOCH']).toBe('0');
  });

  it('nerdctl is asked for the id that it lists', async () => {
    const listed = id.replaceAll('c', 'e');
    const { engine, seen } = await engineWith('nerdctl', `${listed} r.io/a:1\n`);
    expect(await engine.build(what())).toBe(listed);
    expect(seen).toHaveLength(2);
  });
});

describe('remove', () => {
  it.each([
    ['status 0', 0, '', true],
    ['an image that is not there any more', 1, `${id} r.io/b:1\n`, true],
    ['one that the engine keeps', 1, `${id} r.io/a:1\n`, false],
  ] as const)('of %s', async (_what, status, answer, gone) => {
    const { engine, seen } = await engineWith('docker', answer, {}, (argv) => (argv[1] === 'rmi' ? status : 0));
    expect(await engine.remove('r.io/a:1')).toBe(gone);
    expect(argvs(seen)[0]).toBe('docker rmi r.io/a:1');
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
  const caFile = join(mkdtempSync(join(tmpdir(), 'fedctl-engine-')), 'ca.pem');
  writeFileSync(caFile, 'CA');
  const credentials = { user: 'me', password: 'secret-word' };
  const auths = { auths: { 'r.io': { auth: Buffer.from('me:secret-word').toString('base64') } } };
  const pushed = { imageId: id, reference: 'r.io/a:1', insecure: true, caFile, credentials };
  const inFolder = () => ({ ...pushed, folder: mkdtempSync(join(tmpdir(), 'fedctl-engine-')) });

  it.each(['buildah', 'podman'] as const)('%s takes all as flags and tells the digest', async (name) => {
    const { engine, seen } = await engineWith(name);
    const what = inFolder();
    expect(await engine.push(what)).toBe(digest);
    const authFile = join(what.folder, 'auth.json');
    expect(argvs(seen)).toEqual([
      `${name} push --tls-verify=false --cert-dir ${what.folder} --authfile ${authFile} --digestfile ${join(what.folder, 'digest')} ${'c'.repeat(64)} docker://r.io/a:1`,
    ]);
    expect(JSON.parse(readFileSync(authFile, 'utf8'))).toEqual(auths);
    expect(statSync(authFile).mode & 0o777).toBe(0o600);
    expect(seen[0]!.env['TMPDIR']).toBe(what.folder); // big layers on their way go with the folder
    const { engine: plain, seen: plainSeen } = await engineWith(name);
    await plain.push({ imageId: id, reference: 'r.io/a:1', insecure: false, folder: what.folder });
    expect(argvs(plainSeen)[0]).toMatch(
      new RegExp(`^${name} push --digestfile \\S+ ${'c'.repeat(64)} docker://r.io/a:1$`),
    );
  });

  it.each([
    ['docker', 'docker push r.io/a:1'],
    ['nerdctl', 'nerdctl --insecure-registry push r.io/a:1'],
  ] as const)('%s gets the name first, and the credentials in a folder for itself', async (name, argv) => {
    const { engine, seen } = await engineWith(name);
    const what = inFolder();
    await engine.push(what);
    expect(argvs(seen).slice(1, 3)).toEqual([`${name} tag ${id} r.io/a:1`, argv]);
    expect(argvs(seen).at(-1)).toBe(`${name} rmi r.io/a:1`); // a name that nobody had before
    expect(JSON.parse(seen[2]!.config!.text)).toEqual(auths);
    expect(seen[2]!.config!.mode).toBe(0o700);
    expect(seen[2]!.env['DOCKER_CONFIG']).toBe(join(what.folder, 'docker'));
    for (const command of seen) expect(JSON.stringify(command.argv)).not.toContain('secret-word');
  });

  it('docker keeps the context that its user chose, and is asked for the digest', async () => {
    const theirs = mkdtempSync(join(tmpdir(), 'fedctl-engine-'));
    writeFileSync(join(theirs, 'config.json'), JSON.stringify({ currentContext: 'far', credsStore: 'desktop' }));
    mkdirSync(join(theirs, 'contexts'));
    writeFileSync(join(theirs, 'contexts', 'meta'), 'of theirs');
    const answer = `r.io/other@sha256:${'e'.repeat(64)}\nr.io/a@${digest}\n`;
    const { engine, seen } = await engineWith('docker', answer, { DOCKER_CONFIG: theirs });
    expect(await engine.push(inFolder())).toBe(digest);
    expect(JSON.parse(seen[2]!.config!.text)).toEqual({ ...auths, currentContext: 'far' });
    expect(readFileSync(join(seen[2]!.env['DOCKER_CONFIG']!, 'contexts', 'meta'), 'utf8')).toBe('of theirs');
  });

  it('takes the name away after a push that failed too, and leaves one that was there', async () => {
    const failing = (argv: readonly string[]): number => (argv[1] === 'push' ? 1 : 0);
    const failed = await engineWith('docker', '', {}, failing);
    await expect(failed.engine.push(inFolder())).rejects.toThrow('push');
    expect(argvs(failed.seen).at(-1)).toBe('docker rmi r.io/a:1');
    const { engine, seen } = await engineWith('docker', `${id.replaceAll('c', 'e')} r.io/a:1\n`);
    await engine.push(inFolder());
    expect(argvs(seen).filter((argv) => argv.includes('rmi'))).toEqual([]);
  });

  it('docker that has the image under two digests tells none', async () => {
    const answer = `r.io/a@${digest}\nr.io/a@sha256:${'e'.repeat(64)}\n`;
    expect(await (await engineWith('docker', answer)).engine.push(inFolder())).toBeUndefined();
  });

  it('writes the login of Docker Hub, and a refresh token, as docker does', async () => {
    const { engine } = await engineWith('podman');
    const token = { user: '<token>', password: '', identityToken: 'refresh-word' };
    const what = { ...inFolder(), reference: 'docker.io/me/a:1', credentials: token };
    await engine.push(what);
    expect(JSON.parse(readFileSync(join(what.folder, 'auth.json'), 'utf8'))).toEqual({
      auths: {
        'https://index.docker.io/v1/': {
          auth: Buffer.from('<token>:').toString('base64'),
          identitytoken: 'refresh-word',
        },
      },
    });
  });
});

it('calls nerdctl, which no package of the sandbox has, as it always did', async () => {
  const { engine, seen } = await engineWith('nerdctl', `${id} r.io/a:1\n`);
  const folder = mkdtempSync(join(tmpdir(), 'fedctl-engine-'));
  await engine.build({ context: '/src', dockerfile: '/src/Dockerfile', tag: 'r.io/a:1', folder });
  await engine.push({ imageId: id, reference: 'r.io/a:1', insecure: false, folder });
  await engine.push({ imageId: id, reference: 'localhost:5000/a:1', insecure: true, folder });
  await engine.remove('r.io/a:1');
  expectGolden('engines/nerdctl.txt', `${argvs(seen).join('\n').replaceAll(folder, 'FOLDER')}\n`);
});

describe('an engine that cannot work', () => {
  const withScripts = async (scripts: Record<string, string>) => {
    const bin = mkdtempSync(join(tmpdir(), 'fedctl-engine-'));
    for (const [name, text] of Object.entries(scripts))
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return findEngine(
      'auto',
      { PATH: bin },
      async () => ({ status: 0, answer: '', how: '' }),
      (kind) => new Error(kind),
    );
  };

  it('is passed over by auto, also when it never answers', async () => {
    const scripts = { docker: 'while :; do :; done', podman: 'exit 125', nerdctl: 'exit 0' };
    expect((await withScripts(scripts)).name).toBe('nerdctl');
  }, 20_000);

  it.each([
    ['docker', 'docker daemon does not answer'],
    ['podman', 'podman info fails'],
    ['nerdctl', 'containerd does not answer nerdctl'],
  ])('%s alone is none', async (name, why) => {
    await expect(withScripts({ [name]: 'exit 1' })).rejects.toMatchObject({
      type: 'ENGINE_NOT_FOUND',
      message: expect.stringContaining(why),
    });
  });
});
