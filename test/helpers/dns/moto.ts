import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from '../../../src/files/lock.ts';
import type { Fault, Judge } from '../faults/proxy.ts';
import { freePort, type Program, startProgram } from '../common/processes.ts';

const run = promisify(execFile);
/** An emulator of AWS' APIs over real HTTP (https://docs.getmoto.org/en/latest/docs/server_mode.html). */
const requirement = 'moto[server]==5.2.5';

/** Path of moto_server; installed once into the user's cache. Throws when Python or the package registry is missing. */
async function motoServer(): Promise<string> {
  const key = createHash('sha256').update(requirement).digest('hex').slice(0, 16);
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(cache, 'fedctl', 'python', key);
  const program = join(folder, 'bin', 'moto_server');
  const done = `${folder}.done`;
  if (existsSync(done)) return program;
  // Two test files may be the first to need it.
  return withLock(`${folder}.lock`, { what: 'installing moto' }, async () => {
    if (existsSync(done)) return program;
    // Scripts of a venv name its folder, so it is made in its place; without the mark beside it, it is made anew.
    await rm(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder]);
    await run(join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', requirement]);
    await writeFile(done, requirement);
    return program;
  });
}

export interface Moto extends Program {
  url: string;
}

/** An empty account on loopback. */
export async function startMoto(): Promise<Moto> {
  const program = await motoServer();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = await startProgram(
    [program, '-H', '127.0.0.1', '-p', String(port)],
    async () => (await fetch(`${url}/moto-api/data.json`)).ok,
  );
  return { url, ...started };
}

/** An error as Route 53 writes it. */
export const awsError = (status: number, code: string, headers: Record<string, string> = {}): Fault => ({
  status,
  headers: { 'content-type': 'text/xml', ...headers },
  body: `<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>${code}</Code><Message>said ${code}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
});

/** Route 53 takes no CallerReference twice, even when the zone made with it is long gone; moto takes it as often as it comes. */
export function rememberingReferences(): Judge {
  const taken = new Set<string>();
  return ({ method, path, body }) => {
    if (method !== 'POST' || !/\/hostedzone$/.test(path)) return undefined;
    const reference = /<CallerReference>(.*?)<\/CallerReference>/.exec(body)?.[1] ?? '';
    if (taken.has(reference)) return awsError(409, 'HostedZoneAlreadyExists');
    taken.add(reference);
    return undefined;
  };
}
