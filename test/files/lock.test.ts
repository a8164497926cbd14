import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withLock } from '../../src/files/lock.ts';

const module = fileURLToPath(new URL('../../src/files/lock.ts', import.meta.url));

let folder: string;
let lock: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedctl-lock-'));
  lock = join(folder, 'locks', 'one');
});
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

/** Another process that takes the lock and holds it until it is told to give it back, with a child where asked. */
async function holder({ child = false } = {}): Promise<ChildProcess & { sleeper: number }> {
  const code = `
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    const { withLock } = await import(${JSON.stringify(module)});
    await withLock(${JSON.stringify(lock)}, { what: 'building' }, async (held) => {
      let sleeper;
      if (${child}) {
        sleeper = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
        await held.started(sleeper.pid);
      }
      process.stdout.write(String(sleeper?.pid ?? 0) + '\\n');
      await once(process.stdin, 'data');
    });
    process.exit(0);
  `;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', code];
  const other = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(other);
  const said = await new Promise<string>((resolve, reject) => {
    other.stdout?.once('data', (data) => resolve(String(data)));
    other.once('exit', (status) => reject(new Error(`it ended with ${status} before it had the lock`)));
  });
  return Object.assign(other, { sleeper: Number(said) });
}

const ended = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('exit', () => resolve()));
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const nobody = (): never => {
  throw new Error('nobody holds it');
};

describe('a lock', () => {
  it('is held while the work lasts, and given back also when it fails', async () => {
    expect(await withLock(lock, { what: 'work' }, async () => existsSync(lock))).toBe(true);
    const failing = withLock(lock, { what: 'work' }, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(readdirSync(join(folder, 'locks'))).toEqual([]);
  });

  it('lets one at a time of one process work', async () => {
    const order: string[] = [];
    const work = (name: string) =>
      withLock(lock, { what: name }, async () => {
        order.push(`${name} begins`);
        await delay(20);
        order.push(`${name} ends`);
      });
    await Promise.all([work('a'), work('b')]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('is waited for while another process lives, which is named', async () => {
    const other = await holder();
    const seen: unknown[] = [];
    const waits = (who: unknown) => {
      if (seen.push(who) === 2) other.stdin?.write('\n');
    };
    const done = await withLock(lock, { what: 'mine', waits }, async () => readFileSync(lock, 'utf8'));
    expect(seen[0]).toEqual({ pid: other.pid, what: 'building' });
    expect(JSON.parse(done)).toMatchObject({ pid: process.pid, step: 'mine' });
  });

  it('is not waited for any longer than the signal allows', async () => {
    await holder();
    const stop = new AbortController();
    const waits = () => stop.abort(new Error('enough'));
    const waiting = withLock(lock, { what: 'mine', waits, signal: stop.signal }, () => Promise.resolve());
    await expect(waiting).rejects.toThrow('enough');
    expect(existsSync(lock)).toBe(true);
  });

  it('of a killed process is taken, and what that left running is ended', async () => {
    const other = await holder({ child: true });
    other.kill('SIGKILL');
    await ended(other);
    expect(lives(other.sleeper)).toBe(true);
    const groups: number[] = [];
    const endGroup = (leader: number): void => {
      groups.push(leader);
      process.kill(-leader, 'SIGKILL');
    };
    await withLock(lock, { what: 'mine', waits: nobody, endGroup }, () => Promise.resolve());
    expect(groups).toEqual([other.sleeper]);
    expect(readdirSync(join(folder, 'locks'))).toEqual([]);
  });

  it('is one process’s own: another that has its id by now does not hold it', async () => {
    await withLock(lock, { what: 'first' }, async () => undefined);
    writeFileSync(lock, JSON.stringify({ pid: 1, started: 'at another time', step: 'long ago' }));
    expect(await withLock(lock, { what: 'mine', waits: nobody }, () => Promise.resolve('mine'))).toBe('mine');
  });

  it('that says this very process, which does not hold it, is one of an earlier process', async () => {
    const text = await withLock(lock, { what: 'first' }, async () => readFileSync(lock, 'utf8'));
    expect(JSON.parse(text)).toMatchObject({ pid: process.pid });
    writeFileSync(lock, text);
    expect(await withLock(lock, { what: 'mine', waits: nobody }, () => Promise.resolve('mine'))).toBe('mine');
  });

  it('that a crash of the machine left half written is nobody’s', async () => {
    await withLock(lock, { what: 'first' }, async () => undefined);
    writeFileSync(lock, '{"pid": 1');
    expect(await withLock(lock, { what: 'mine' }, () => Promise.resolve('mine'))).toBe('mine');
  });
});
