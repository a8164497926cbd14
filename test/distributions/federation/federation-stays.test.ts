import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from '@jest/globals';
import { digestOf } from '../../../src/cli/files/digest.ts';
import { freezeDown, freezeRest, freezeUp } from '../../../src/graph/freeze.ts';
import type { FrozenGraph } from '../../../src/graph/frozen.ts';
import { freezeJoin, freezeUnjoin, withPruned } from '../../../src/graph/membership.ts';
import { parseFederation } from '../../../src/distributions/parse.ts';
import type { Spec } from '../../../src/spec/schema.ts';
import { expectGolden } from '../../helpers/common/golden.ts';

// What an operator's file means, and what a run does with it, is API: a run may be open while its worker is renewed.

const folder = new URL('../../../examples/', import.meta.url);
const examples = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));

function specOf(file: string): Spec {
  const parsed = parseFederation({ file, text: readFileSync(new URL(file, folder), 'utf8') });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
  return parsed.spec;
}

/** Texts for people may change; all else of a graph may not. */
const meaning = (graph: FrozenGraph): string =>
  JSON.stringify(graph, (key, value: unknown) => (key === 'title' || key === 'done' ? undefined : value), 1);

const more = {
  name: 'more',
  context: 'more',
  labels: {},
  credentials: 'serviceAccount',
  clusterDns: 'update',
} as const;

function graphsOf(spec: Spec): Record<string, string> {
  const { clusters } = spec;
  const first = clusters.slice(0, 1);
  const graphs = {
    up: freezeUp(spec),
    'up, impatient': freezeUp(spec, { slowEveryMs: 10, builderAwayMs: 20 }),
    down: freezeDown(spec, { volumes: 'delete' }),
    'down, with choices': freezeDown(spec, { volumes: 'keep', keepZone: true, federatedObjects: 'orphan' }),
    join: freezeJoin({ ...spec, clusters: [...clusters, more] }, ['more']),
    unjoin: freezeUnjoin(spec, first),
    prune: withPruned(freezeUp({ ...spec, clusters: clusters.slice(1) }), spec, first),
    'prune, the last': withPruned(freezeUp({ ...spec, clusters: [] }), spec, first),
  };
  return Object.fromEntries(Object.entries(graphs).map(([name, graph]) => [name, meaning(graph)]));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the federation', () => {
  it('has the digests it had, and the specs they are of', () => {
    const said = examples.toSorted().map((file) => {
      const spec = specOf(file);
      return `${file} ${digestOf(spec)} ${sha256(JSON.stringify(spec))}\n`;
    });
    expectGolden('federation/digests.txt', said.join(''));
  });

  it('has the graphs it had, field by field, for a spec with every section', () => {
    const { up = '', down = '', join = '', unjoin = '' } = graphsOf(specOf('full.yaml'));
    expectGolden('federation/up.json', up);
    expectGolden('federation/down.json', down);
    expectGolden('federation/join.json', join);
    expectGolden('federation/unjoin.json', unjoin);
    expectGolden('federation/rest.json', meaning(freezeRest({ volumes: 'delete' })));
  });

  it('has the graphs it had for every example', () => {
    const said = examples
      .toSorted()
      .flatMap((file) =>
        Object.entries(graphsOf(specOf(file))).map(([name, text]) => `${file} ${name}: ${sha256(text)}\n`),
      );
    expectGolden('federation/graphs.txt', said.join(''));
  });
});
