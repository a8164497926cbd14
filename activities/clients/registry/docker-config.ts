import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { failure } from '../../kit/fail.ts';
import { askHelper } from './credential-helper.ts';

/** User and password, or the refresh token that some registries give instead. Secret. */
export interface Credentials {
  user: string;
  password: string;
  identityToken?: string | undefined;
}

interface AuthEntry {
  auth?: string;
  username?: string;
  password?: string;
  identitytoken?: string;
}
/** The part of a docker config file that is read: https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties */
export interface DockerConfig {
  auths?: Record<string, AuthEntry>;
  /** Helper of one registry, and the one of all others: `x` is the program docker-credential-x. */
  credHelpers?: Record<string, string>;
  credsStore?: string;
  /** Which of docker's contexts is in use. */
  currentContext?: string;
}

/** How logins and helpers call Docker Hub. */
const hubServer = 'https://index.docker.io/v1/';

/** Names of a registry among the keys of `auths`: logins wrote URLs, hosts, and for Docker Hub one of its own. */
const keysOf = (registry: string): string[] => {
  const hub = registry === 'docker.io' ? [hubServer, 'index.docker.io', 'registry-1.docker.io'] : [];
  return [registry, `https://${registry}`, `http://${registry}`, ...hub].flatMap((key) => [key, `${key}/`]);
};

/** Reads a docker config file. Throws PULL_SECRET when it cannot be read or is no JSON; never with its text. */
export async function readDockerConfig(file: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw failure('PULL_SECRET', `cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
  try {
    const config = JSON.parse(text) as unknown;
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as DockerConfig;
  } catch {
    // Said below without the parser's words, which quote the text.
  }
  throw failure('PULL_SECRET', `${file} is not a docker config file (JSON with auths)`);
}

/** The entry of one registry, with its key; undefined when there is none. */
function entryOf(config: DockerConfig, registry: string): [key: string, entry: AuthEntry] | undefined {
  for (const key of keysOf(registry)) {
    const entry = config.auths?.[key];
    if (entry && (entry.auth || entry.username || entry.identitytoken)) return [key, entry];
  }
  return undefined;
}

/**
 * The config file cut down to the given registries, for a Secret of type kubernetes.io/dockerconfigjson: pods get no
 * more than they need. Undefined when it has credentials for none of them.
 */
export function pullConfig(config: DockerConfig, registries: readonly string[]): { auths: object } | undefined {
  const entries = registries.flatMap((registry) => {
    const found = entryOf(config, registry);
    return found ? [found] : [];
  });
  return entries.length > 0 ? { auths: Object.fromEntries(entries) } : undefined;
}

function credentialsIn(config: DockerConfig, registry: string): Credentials | undefined {
  const entry = entryOf(config, registry)?.[1];
  if (!entry) return undefined;
  const [user = '', ...rest] = Buffer.from(entry.auth ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return {
    user: entry.username ?? user,
    password: entry.password ?? rest.join(':'),
    identityToken: entry.identitytoken,
  };
}

/** The part `auths` of a config file that holds one login. Secret. */
export function authsOf(registry: string, { user, password, identityToken }: Credentials): Record<string, AuthEntry> {
  const auth = Buffer.from(`${user}:${password}`).toString('base64');
  // docker knows the login of Docker Hub by this name alone; the others know it too.
  const key = registry === 'docker.io' ? hubServer : registry;
  return { [key]: { auth, ...(identityToken ? { identitytoken: identityToken } : {}) } };
}

/** Where docker, podman and buildah keep the logins of whoever runs the worker. */
export function loginFiles(env: NodeJS.ProcessEnv): string[] {
  const home = env['HOME'] || homedir();
  const runtime = env['XDG_RUNTIME_DIR'];
  return [
    env['REGISTRY_AUTH_FILE'],
    runtime && join(runtime, 'containers', 'auth.json'),
    `/run/containers/${process.getuid?.() ?? 0}/auth.json`, // podman login without XDG_RUNTIME_DIR, as root always
    join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers', 'auth.json'),
    join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'),
  ].filter((file): file is string => Boolean(file));
}

/** Credentials for one registry and the file they stand in. */
export interface Login {
  credentials: Credentials;
  file: string;
}

/**
 * The first of the files that has credentials for the registry, by a helper that it names or by itself. Only `required`
 * must exist and be sound. Helpers are found on the PATH of `env`.
 */
export async function findLogin(
  registry: string,
  files: readonly string[],
  required: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Login | undefined> {
  for (const file of files) {
    const config =
      file === required ? await readDockerConfig(file) : await readDockerConfig(file).catch(() => ({}) as DockerConfig);
    const credentials = (await helped(config, registry, env)) ?? credentialsIn(config, registry);
    if (credentials) return { credentials, file };
  }
  return undefined;
}

/** What the helper of this registry keeps; a helper that is missing or knows nothing leaves it to `auths`. */
async function helped(
  config: DockerConfig,
  registry: string,
  env: NodeJS.ProcessEnv,
): Promise<Credentials | undefined> {
  const key = keysOf(registry).find((name) => config.credHelpers?.[name]);
  const helper = (key && config.credHelpers?.[key]) || config.credsStore;
  if (!helper) return undefined;
  return askHelper(helper, registry === 'docker.io' ? hubServer : (key ?? registry), env);
}
