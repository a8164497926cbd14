import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { replaceFile } from '../../src/files/replace-file.ts';

const module = fileURLToPath(new URL('../../src/files/replace-file.ts', import.meta.url));

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedctl-replace-'));
  file = join(folder, 'config');
});

const read = (path = file): string => readFileSync(path, 'utf8');
const isRoot = process.geteuid?.() === 0;
const refusing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

/** Replaces the file from a process of its own, which `command` starts. */
function inChild(command: string, args: string[], who: { uid?: number; gid?: number } = {}, text = 'new'): void {
  const [from, path, written] = [module, file, text].map((value) => JSON.stringify(value));
  const code = `await (await import(${from})).replaceFile(${path}, ${written});`;
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', code];
  execFileSync(command, [...args, ...node], { ...who, stdio: ['ignore', 'ignore', 'inherit'] });
}

describe('a file that is replaced', () => {
  it('is made for its owner alone, or with the rights that are asked for', async () => {
    expect(await replaceFile(file, 'new')).toBe(true);
    await replaceFile(join(folder, 'public'), 'new', { mode: 0o644 });
    expect(read()).toBe('new');
    expect([file, join(folder, 'public')].map((path) => statSync(path).mode & 0o7777)).toEqual([0o600, 0o644]);
  });

  it('keeps its rights and its owner', async () => {
    writeFileSync(file, 'old');
    // Only root can give a file to somebody else.
    const [uid, gid] = isRoot ? [1234, 4321] : [statSync(file).uid, statSync(file).gid];
    chownSync(file, uid, gid);
    chmodSync(file, 0o640);
    await replaceFile(file, 'new', { mode: 0o600 });
    expect(read()).toBe('new');
    expect(statSync(file)).toMatchObject({ uid, gid, mode: 0o100640 });
  });

  it('is another file than before, so that who reads the old one reads it to its end', async () => {
    writeFileSync(file, 'old');
    const { ino } = statSync(file);
    await replaceFile(file, 'new');
    expect(statSync(file).ino).not.toBe(ino);
  });

  it('is what a link leads to, also where that is not there yet', async () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync('real/config', file);
    symlinkSync('config', join(folder, 'link'));
    for (const text of ['first', 'second']) {
      await replaceFile(join(folder, 'link'), text);
      expect(read(join(folder, 'real', 'config'))).toBe(text);
    }
    expect([readlinkSync(file), readlinkSync(join(folder, 'link'))]).toEqual(['real/config', 'config']);
    expect(readdirSync(join(folder, 'real'))).toEqual(['config']);
  });

  it('is replaced also where its folder cannot be brought to the disk', async () => {
    const handle = await open(folder);
    await handle.close();
    const handles = Object.getPrototypeOf(handle) as typeof handle;
    const { sync } = handles;
    const move = async (draft: string, target: string): Promise<void> => {
      await rename(draft, target);
      handles.sync = refusing('EIO');
    };
    try {
      expect(await replaceFile(file, 'new', { move })).toBe(true);
    } finally {
      handles.sync = sync;
    }
    expect(read()).toBe('new');
  });

  it('is left alone when it is not wanted after all', async () => {
    writeFileSync(file, 'old');
    expect(await replaceFile(file, 'new', { stillWanted: () => Promise.resolve(read() !== 'old') })).toBe(false);
    expect(read()).toBe('old');
    expect(readdirSync(folder)).toEqual(['config']);
  });
});

describe('a file that cannot be replaced', () => {
  it.each(['EBUSY', 'EXDEV'])('is written in place where moving ends with %s', async (code) => {
    writeFileSync(file, 'the old text, which is longer', { mode: 0o640 });
    const { ino } = statSync(file);
    expect(await replaceFile(file, 'new', { move: refusing(code) })).toBe(true);
    expect(read()).toBe('new');
    expect(statSync(file)).toMatchObject({ ino, mode: 0o100640 });
    expect(readdirSync(folder)).toEqual(['config']);
  });

  // Only root can mount, or be somebody else.
  (isRoot ? it : it.skip)('is written in place where it is mounted', () => {
    const source = join(folder, 'source');
    writeFileSync(source, 'old');
    writeFileSync(file, '');
    inChild('unshare', ['--mount', 'sh', '-c', `mount --bind "${source}" "${file}" && exec "$0" "$@"`]);
    expect(read(source)).toBe('new');
    expect(readdirSync(folder).sort()).toEqual(['config', 'source']);
  });

  (isRoot ? it : it.skip)('has its old text where the disk is full', () => {
    const small = join(folder, 'small');
    const kept = join(folder, 'kept');
    mkdirSync(small);
    writeFileSync(file, '');
    const script = [
      `mount -t tmpfs -o size=16k small "${small}" && printf old > "${small}/source"`,
      `mount --bind "${small}/source" "${file}" && { "$0" "$@" 2> "${kept}.error"; cat "${small}/source" > "${kept}"; }`,
    ].join(' && ');
    inChild('unshare', ['--mount', 'sh', '-c', script], {}, 'new'.repeat(20_000));
    expect(read(`${kept}.error`)).toContain('ENOSPC');
    expect(read(kept)).toBe('old');
  });

  it('is written in place where its folder takes no other file', () => {
    writeFileSync(file, 'old');
    chmodSync(file, 0o666);
    chmodSync(folder, 0o555);
    inChild('env', [], isRoot ? { uid: 65_534, gid: 65_534 } : {});
    chmodSync(folder, 0o755);
    expect(read()).toBe('new');
    expect(readdirSync(folder)).toEqual(['config']);
  });

  it('is as it was, without a draft beside it, when moving fails otherwise', async () => {
    writeFileSync(file, 'old');
    await expect(replaceFile(file, 'new', { move: refusing('EIO') })).rejects.toThrow('EIO');
    expect(read()).toBe('old');
    expect(readdirSync(folder)).toEqual(['config']);
  });

  it('is as it was, without a draft beside it, when asking fails', async () => {
    writeFileSync(file, 'old');
    await expect(replaceFile(file, 'new', { stillWanted: refusing('EIO') })).rejects.toThrow('EIO');
    expect(read()).toBe('old');
    expect(readdirSync(folder)).toEqual(['config']);
  });

  it('is no folder, and no file in a folder that is not there', async () => {
    mkdirSync(join(folder, 'full', 'of'), { recursive: true });
    await expect(replaceFile(join(folder, 'full'), 'new')).rejects.toThrow('EISDIR');
    await expect(replaceFile(join(folder, 'none', 'config'), 'new')).rejects.toThrow('ENOENT');
    expect(readdirSync(folder)).toEqual(['full']);
  });
});
