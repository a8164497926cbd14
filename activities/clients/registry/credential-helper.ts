import { spawn } from 'node:child_process';
import { currentContext } from '../../kit/context.ts';
import type { Credentials } from './docker-config.ts';

/** ms a helper may take: some ask a cloud. */
const timeoutMs = 30_000;
/** Longest answer, characters. */
const answerLength = 100_000;

/**
 * Asks `docker-credential-<name> get` for the credentials of a server: its name goes in by standard input, the secret
 * comes out by standard output (https://github.com/docker/docker-credential-helpers); neither stands in an argument.
 * Undefined when the program is missing, fails, or knows nothing: its words may hold secrets and are dropped.
 */
export async function askHelper(
  name: string,
  server: string,
  env: NodeJS.ProcessEnv,
): Promise<Credentials | undefined> {
  if (!/^[\w.-]+$/.test(name)) return undefined; // a path could name any program
  const answer = await new Promise<string>((resolve) => {
    const signal = AbortSignal.any([currentContext().signal, AbortSignal.timeout(timeoutMs)]);
    const child = spawn(`docker-credential-${name}`, ['get'], { env, signal, stdio: ['pipe', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (text.length < answerLength) text += chunk.toString('utf8');
    });
    child.stdin.on('error', () => undefined); // it may end without reading
    child.on('error', () => resolve(''));
    child.on('close', (code) => resolve(code === 0 ? text : ''));
    child.stdin.end(`${server}\n`);
  });
  return credentialsIn(answer);
}

function credentialsIn(answer: string): Credentials | undefined {
  try {
    const { Username: user, Secret: password } = JSON.parse(answer) as { Username?: string; Secret?: string };
    if (!user || !password) return undefined;
    // By this name the helpers say that the secret is a refresh token.
    return user === '<token>' ? { user, password: '', identityToken: password } : { user, password };
  } catch {
    return undefined;
  }
}
