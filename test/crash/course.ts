import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { parseFederation } from '../../src/distributions/parse.ts';
import type { Operation } from '../../src/run/input.ts';
import type { Spec } from '../../src/spec/schema.ts';
import { Operator } from '../e2e/world.ts';
import { timesMade } from './audit.ts';
import { readDeaths, readWrites } from './mortal.ts';
import { Looker, type Picture } from './objects.ts';
import type { Death, Orders, Write } from './orders.ts';
import type { QuickWorld } from './quick/world.ts';
import { type End, through } from './through.ts';

/** What stood after an operation, and what was seen at the deaths in it. */
export interface Stage {
  end: End;
  stood: Picture;
  atDeaths: Picture[];
  /** Records of the zone, as the provider has them; undefined when there is no zone. */
  zone: string | undefined;
}

/** How one federation came through its life. */
export interface Course {
  federation: string;
  deaths: Death[];
  writes: Write[];
  stages: Record<Operation, Stage>;
  timesMade: Record<string, number>;
  /** Whether the cluster DNS of member-1 knew the federation when it stood, and when it was gone. */
  known: { up: boolean; down: boolean };
  seconds: number;
}

/** All that a federation can have, so that every step of the catalogue has something to do. */
const specOf = (name: string, world: QuickWorld, folder: string, members: readonly string[]): object => ({
  apiVersion: 'fedctl/v1alpha1',
  kind: 'Federation',
  metadata: { name },
  spec: {
    host: { context: 'host', namespace: name },
    images: {
      apiserver: { name: `${name}-hyperkube-amd64` },
      controllerManager: { name: `${name}-hyperkube-amd64` },
      etcd: { image: `${world.registry}/etcd:3.6.8`, command: ['/etcd'] },
      build: {
        source: join(folder, 'source'),
        // A second long enough to be killed in.
        binaries: ['sh', '-c', 'sleep 1; echo content of the image > content'],
        engine: 'buildah',
        push: { registry: world.registry },
      },
      insecureRegistries: [world.registry],
    },
    controllerManager: {
      dnsProviderConfigFile: join(folder, 'dns-provider.conf'),
      extraArgs: { 'cluster-monitor-period': '2s' },
    },
    etcd: { storage: '1Gi' },
    dns: {
      provider: 'powerdns',
      zone: `${name}.example.`,
      endpoint: world.dns.url,
      resolvers: [world.dns.address],
      nameServers: [`ns1.${name}.example.`],
      delegation: 'warn',
      apiserverRecord: true,
    },
    clusters: members.map((member) => ({ name: member, context: member })),
    policy: { waits: { reach: '2m', delegation: '1s' } },
  },
});

/** The resolved spec of a federation with these members, for what it will do. */
export function plannedSpec(name: string, world: QuickWorld, members: readonly string[]): Spec {
  const text = stringify(specOf(name, world, '/', members));
  const parsed = parseFederation({ text, file: 'federation.yaml' });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '));
  return parsed.spec;
}

async function zoneOf(name: string, world: QuickWorld, key: string): Promise<string | undefined> {
  const url = `${world.dns.url}/api/v1/servers/localhost/zones/${name}.example.`;
  const response = await fetch(url, { headers: { 'x-api-key': key } });
  if (!response.ok) return undefined;
  const { rrsets } = (await response.json()) as {
    rrsets: { name: string; type: string; ttl: number; records: { content: string }[] }[];
  };
  const neutral = (text: string): string => text.replaceAll(name, 'NAME').replaceAll(/127\.\d+\.\d+\.\d+/g, 'ADDRESS');
  const lines = rrsets
    .filter(({ type }) => type !== 'SOA')
    .map(({ name: of, type, ttl, records }) => `${of} ${type} ${ttl} ${records.map(({ content }) => content).join()}`);
  return lines.map(neutral).sort().join('\n');
}

/** Turns a federation up with member-1, joins member-2, lets it leave, turns down; workers die by the orders. */
export async function runCourse(
  federation: string,
  world: QuickWorld & { dnsKey: string },
  ordersFor: (operation: Operation) => Orders,
): Promise<Course> {
  const began = Date.now();
  const operator = await Operator.create(federation, world.env);
  const looker = new Looker(operator.env, federation, world.members);
  const write = async (file: string, members: readonly string[]): Promise<string> => {
    await writeFile(operator.path(file), stringify(specOf(federation, world, operator.folder, members)));
    return operator.path(file);
  };
  try {
    await operator.run(['cp', '-r', world.source, operator.path('source')]);
    await writeFile(operator.path('dns-provider.conf'), '[Global]\n');
    const [first, ...others] = world.members;
    const file = await write('federation.yaml', [first!]);
    const grown = await write('grown.yaml', world.members);
    const commands: Record<Operation, string[]> = {
      up: ['up', '-f', file],
      join: ['join', '-f', grown, federation, ...others],
      unjoin: ['unjoin', '-f', grown, federation, ...others, '--yes'],
      down: ['down', '-f', file, '--yes', '--volumes', 'delete'],
    };
    const stages: Partial<Record<Operation, Stage>> = {};
    const known = { up: false, down: true };
    for (const operation of ['up', 'join', 'unjoin', 'down'] as const) {
      const atDeaths: Picture[] = [];
      const look = async (): Promise<void> => void atDeaths.push(await looker.look());
      const end = await through(operator, federation, ordersFor(operation), commands[operation], look);
      const zone = await zoneOf(federation, world, world.dnsKey);
      stages[operation] = { end, stood: await looker.look(), atDeaths, zone };
      const knows = (await looker.clusterDns(first!)).includes(federation);
      if (operation === 'up' || operation === 'down') known[operation] = knows;
      if (end.code !== 0) break;
    }
    return {
      federation,
      deaths: readDeaths(operator.folder),
      writes: readWrites(operator.folder),
      stages: stages as Record<Operation, Stage>,
      timesMade: await timesMade(world.audits, federation),
      known,
      seconds: Math.round((Date.now() - began) / 1_000),
    };
  } finally {
    await operator.close();
  }
}
