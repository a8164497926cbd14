import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { temporalConfig } from '../../src/temporal/client.ts';
import { defaultTaskQueue } from '../../src/run/input.ts';
import { searchAttributes } from '../../src/run/search-attributes.ts';

interface Mount {
  type: string;
  source: string;
  target: string;
  read_only?: boolean;
}
interface Service {
  image: string;
  restart?: string;
  build?: { context: string; dockerfile: string; target: string };
  command?: string[];
  entrypoint?: string[];
  env_file?: { path: string }[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: (string | Mount)[];
  healthcheck?: { test: string[] };
  stop_grace_period?: string;
  depends_on?: Record<string, { condition: string }>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const file = parse(read('docker-compose.yml')) as { services: Record<string, Service>; volumes: object };
const services = Object.entries(file.services);
const service = (name: string): Service => {
  const found = file.services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
};
const mounts = (of: Service): Mount[] => (of.volumes ?? []).filter((volume) => typeof volume !== 'string');
const dockerfile = read('deploy/Dockerfile').replaceAll('\\\n', ' ').split('\n');

/** Every TypeScript source under a folder, as one text. */
const sourceOf = (folder: string): string =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(join(folder, name)))
    .join('\n');
const code = ['src', 'worker', 'activities'].map(sourceOf).join('\n');
/** What Temporal's envconfig reads of the environment, shown by what it makes of it. */
const sdkReads = (name: string): boolean => {
  const given = temporalConfig({ TEMPORAL_CONFIG_FILE: join(root, 'no-such-file.toml'), [name]: 'something' });
  return [given.address, given.namespace].includes('something');
};
const isRead = (name: string): boolean => code.includes(`env['${name}']`) || sdkReads(name);

/** Services that others wait for the end of. */
const oneShots = new Set(
  services.flatMap(([, { depends_on: needs = {} }]) =>
    Object.entries(needs)
      .filter(([, { condition }]) => condition === 'service_completed_successfully')
      .map(([name]) => name),
  ),
);
const published = (name: string): string[] => service(name).ports ?? [];

describe('docker-compose.yml', () => {
  it.each(services)('%s has an image of one exact version', (_, { image }) => {
    expect(image).toMatch(/^[a-z0-9./-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
  });

  it('has one version of Temporal, new enough for what workflows ask of it', () => {
    const version = (name: string): string => service(name).image.split(':')[1] ?? '';
    expect(version('temporal-schema')).toBe(version('temporal'));
    expect(version('temporal-setup')).toBe(version('temporal'));
    const [major = 0, minor = 0] = version('temporal').split('.').map(Number);
    expect(major * 1000 + minor).toBeGreaterThanOrEqual(1029);
  });

  it.each(services)('%s says when it is ready, or ends and is waited for', (name, { healthcheck }) => {
    expect(healthcheck !== undefined || oneShots.has(name)).toBe(true);
    expect(healthcheck !== undefined && oneShots.has(name)).toBe(false);
  });

  it.each(services)('%s waits for what it needs to be ready, and not only started', (_, { depends_on: needs = {} }) => {
    for (const [name, { condition }] of Object.entries(needs))
      expect(condition).toBe(oneShots.has(name) ? 'service_completed_successfully' : 'service_healthy');
  });

  it.each(services)('%s publishes on loopback alone', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('puts server and Web UI where the command line looks for them', () => {
    const { address, ui } = temporalConfig({ TEMPORAL_CONFIG_FILE: join(root, 'no-such-file.toml') });
    expect(published('temporal')).toEqual([`127.0.0.1:${new URL(`http://${address}`).port}:7233`]);
    for (const name of ['worker', 'temporal-ui', 'temporal-setup'])
      expect(service(name).environment?.['TEMPORAL_ADDRESS']).toBe('temporal:7233');
    expect(published('temporal-ui')).toEqual([
      `127.0.0.1:${new URL(ui ?? '').port}:${service('temporal-ui').environment?.['TEMPORAL_UI_PORT']}`,
    ]);
  });

  it('makes the search attributes that runs write', () => {
    expect([...(service('temporal-setup').command ?? [])].sort()).toEqual(
      Object.values(searchAttributes)
        .map(({ name }) => name)
        .sort(),
    );
    expect(Object.values(searchAttributes).every(({ type }) => type === 'KEYWORD')).toBe(true);
    expect(read('deploy/compose/setup.sh')).toContain('--type Keyword');
  });

  it('gives the worker only variables that something reads, and the default task queue', () => {
    const environment = service('worker').environment ?? {};
    expect(Object.keys(environment).filter((name) => !isRead(name))).toEqual([]);
    expect(environment['FEDCTL_TASK_QUEUE']).toBe(`\${FEDCTL_TASK_QUEUE:-${defaultTaskQueue}}`);
  });

  it('reads just the variables, with the defaults, that docs/deploy.md names', () => {
    const texts = `${read('docker-compose.yml')}\n${read('deploy/compose/laptop.env')}`;
    const used = [...texts.matchAll(/\$\{([A-Z_]+):-([^}]*)\}/g)].map(([, name, value]) => `${name} ${value}`);
    const table = /^\| Variable[^]*?\n\n/m.exec(read('docs/deploy.md'))?.[0] ?? '';
    const told = [...table.matchAll(/^\| `([A-Z_]+)` \| `([^`]*)` \|/gm)].map(([, name, value]) => `${name} ${value}`);
    expect(told.length).toBeGreaterThan(3);
    expect([...new Set(used)].sort()).toEqual(told.sort());
  });

  it('keeps what the worker has to keep, and lets it only read the kubeconfig', () => {
    const { environment = {}, volumes = [] } = service('worker');
    const [state] = volumes.filter((volume) => typeof volume === 'string');
    expect(state?.split(':')[1]).toBe(environment['FEDCTL_STATE']);
    expect(Object.keys(file.volumes)).toContain(state?.split(':')[0]);
    expect(mounts(service('worker'))).toEqual([
      expect.objectContaining({ type: 'bind', target: environment['KUBECONFIG'], read_only: true }),
    ]);
  });

  it.each(services)('%s mounts and reads files that are there', (_, of) => {
    const ours = mounts(of).filter(({ source }) => !source.startsWith('$'));
    const paths = [...ours.map(({ source }) => source), ...(of.env_file ?? []).map(({ path }) => path)];
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(ours.every((mount) => mount.read_only)).toBe(true);
    const scripts = (of.entrypoint ?? []).filter((word) => word.endsWith('.sh'));
    for (const script of scripts) expect(ours.map(({ target }) => target)).toContain(script);
  });

  it('holds no password', () => {
    for (const [name, { environment = {} }] of services)
      expect([name, ...Object.keys(environment).filter((key) => /PASSWORD|PWD|SECRET|TOKEN/.test(key))]).toEqual([
        name,
      ]);
  });

  it('gives the database one password under the names of its three users', () => {
    const lines = read('deploy/compose/laptop.env')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
    expect(lines.map(([name]) => name).sort()).toEqual(['POSTGRES_PASSWORD', 'POSTGRES_PWD', 'SQL_PASSWORD']);
    expect(new Set(lines.map(([, value]) => value)).size).toBe(1);
    for (const name of ['postgresql', 'temporal', 'temporal-schema'])
      expect(service(name).env_file).toEqual([{ path: 'deploy/compose/laptop.env' }]);
  });
});

describe('deploy/Dockerfile', () => {
  /** Lines of a stage and of those it stands on. */
  const stage = (name: string): string[] => {
    const from = dockerfile.findIndex((line) => line.startsWith('FROM ') && line.endsWith(` AS ${name}`));
    if (from < 0) return [];
    const next = dockerfile.findIndex((line, index) => index > from && line.startsWith('FROM '));
    const below = dockerfile[from]?.split(' ')[1] ?? '';
    return [...stage(below), ...dockerfile.slice(from, next < 0 ? undefined : next)];
  };
  const stages = dockerfile.flatMap((line) => /^FROM \S+ AS (\S+)/.exec(line)?.[1] ?? []);
  const copies = dockerfile
    .flatMap((line) => /^COPY (.+)/.exec(line)?.[1] ?? [])
    .map((words) => words.trim().split(/\s+/));

  it('is what the worker is built from', () => {
    const { build } = service('worker');
    expect(build?.dockerfile).toBe('deploy/Dockerfile');
    expect(stages).toContain(build?.target);
    expect(stages.at(-1)).toBe(build?.target);
  });

  it('copies only what is there, and what .dockerignore lets through', () => {
    const fromTree = copies.filter((words) => !words[0]?.startsWith('--from=')).flatMap((words) => words.slice(0, -1));
    expect(fromTree.length).toBeGreaterThan(5);
    expect(fromTree.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const kept = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    expect(kept.map((line) => line.slice(1)).sort()).toEqual([...fromTree].sort());
    for (const words of copies.filter(([first]) => first?.startsWith('--from=')))
      expect(stages).toContain(words[0]?.slice('--from='.length));
  });

  it('is of one exact version of a Node that fits, and runs as somebody else than root', () => {
    const [, version = ''] = /^ARG NODE_IMAGE=node:(\d+\.\d+\.\d+)-bookworm-slim$/m.exec(dockerfile.join('\n')) ?? [];
    const { optionalDependencies } = JSON.parse(read('tools/node/package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    expect(Object.values(optionalDependencies)).toContain(version);
    expect(stage('worker').filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
  });

  it('sets only variables that something reads', () => {
    const names = dockerfile
      .filter((line) => line.startsWith('ENV '))
      .flatMap((line) => [...line.matchAll(/([A-Z_]+)=/g)].map(([, name]) => name ?? ''));
    // Read by Node's packages, by containers/storage, and through a name that folders.ts holds.
    const elsewhere = ['NODE_ENV', 'STORAGE_DRIVER', 'XDG_CACHE_HOME'];
    expect(names.filter((name) => !isRead(name) && !elsewhere.includes(name))).toEqual([]);
    expect(code).toContain("'XDG_CACHE_HOME'");
  });

  it('starts the launcher, and checks health by a file that is there', () => {
    expect(stage('worker')).toContain('ENTRYPOINT ["./fedctl", "worker"]');
    expect(statSync(join(root, 'fedctl')).mode & 0o111).not.toBe(0);
    const script = service('worker').healthcheck?.test.at(-1) ?? '';
    expect(existsSync(join(root, script))).toBe(true);
  });
});
