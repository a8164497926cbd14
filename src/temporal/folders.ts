import { homedir } from 'node:os';
import { join } from 'node:path';

const folder = (env: NodeJS.ProcessEnv, variable: string, ...fallback: string[]): string =>
  join(env[variable] || join(env['HOME'] || homedir(), ...fallback), 'fedctl');

/** Things that can be made again: compiled code, workflow bundles, built programs (XDG_CACHE_HOME). */
export const cacheFolder = (env: NodeJS.ProcessEnv): string => folder(env, 'XDG_CACHE_HOME', '.cache');

/** Things that cannot: the dev server's database, build logs (FEDCTL_STATE, else XDG_STATE_HOME). */
export const stateFolder = (env: NodeJS.ProcessEnv): string =>
  env['FEDCTL_STATE'] || folder(env, 'XDG_STATE_HOME', '.local', 'state');
