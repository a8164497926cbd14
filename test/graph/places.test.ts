import { describe, expect, it } from '@jest/globals';
import { entriesIn, entryIn, keyOf, type LedgerEntry, textOf } from '../../activities/core/ledger.ts';
import { federation } from '../../src/distributions/federation/index.ts';
import { memberOfStep, placeOf, placeOfPlanned } from '../../src/graph/places.ts';
import { isSamePlace, memberPlace, nameOfPlace, type Place } from '../../src/kubernetes/place.ts';
import { aPlanned } from '../helpers/common/planned.ts';
import { seeded } from '../helpers/common/seeded.ts';

const words = ['host', 'federation', 'dns'] as const;

/** Key and text of an entry as the versions wrote them that knew a place only by one word. */
const earlierKey = (entry: LedgerEntry): string => {
  const cluster = nameOfPlace(entry.place);
  return [cluster === 'host' || cluster === 'federation' ? '' : 'member', entry.kind, entry.namespace, entry.name]
    .filter(Boolean)
    .join('.')
    .replaceAll(/[^-._a-zA-Z0-9]/g, '_');
};
const earlierText = ({ place, ...rest }: LedgerEntry): string =>
  JSON.stringify({ ...rest, cluster: nameOfPlace(place) });

/** Entries that steps of the host, and of a member of this name, may note. */
function someEntry(member: string, seed: number): LedgerEntry {
  const random = seeded(seed);
  const at = (place: Place, step: string, kind: string): LedgerEntry => ({
    ...{
      kind,
      namespace: random.pick(['', random.label()]),
      name: random.pick([random.label(), `a:${random.label()}`]),
    },
    ...{ place, apiVersion: 'v1', uid: random.pick(['', random.label()]), step, firstRunId: random.label() },
    origin: random.pick(['created', 'changed', 'adopted'] as const),
  });
  return random.pick([
    at(memberPlace(member), `clusters/${member}/identity`, 'ServiceAccount'),
    at(memberPlace(member), `clusters/${member}/cluster-dns`, 'ConfigMap'),
    at(memberPlace(member), `clusters/${member}/recycle`, 'Deployment'),
    at({ kind: 'host' }, `clusters/${member}/credentials`, 'Secret'),
    at({ kind: 'federation' }, `clusters/${member}/register`, 'Cluster'),
  ]);
}
const someNames = [...words, 'member-1', 'eu', 'host-1'];

describe('a place', () => {
  it.each(someNames)('is the same whoever wrote the entry, with a member called %s', (member) => {
    for (let seed = 0; seed < 300; seed += 1) {
      const entry = someEntry(member, seed);
      expect(entryIn(textOf(entry), member)).toEqual(entry);
      expect(entryIn(earlierText(entry), member)).toEqual(entry);
      const metadata = { name: `fedctl-ledger-${member}` };
      const ledger = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { any: earlierText(entry) } };
      expect(entriesIn(ledger)).toEqual([entry]);
      const cluster = nameOfPlace(entry.place);
      expect(placeOfPlanned({ ...aPlanned, cluster, steps: [entry.step] })).toEqual(entry.place);
    }
  });

  it('of the ledger of the host is never a member, whatever members are called', () => {
    for (const kind of words) {
      const step = kind === 'dns' ? 'dns/zone' : 'apiserver/service';
      const entry: LedgerEntry = { ...someEntry('host', 1), place: { kind }, step };
      const metadata = { name: 'fedctl-ledger' };
      const data = { any: earlierText(entry) };
      expect(entriesIn({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data })).toEqual([entry]);
      expect(placeOfPlanned({ ...aPlanned, cluster: kind, steps: [step] })).toEqual({ kind });
    }
  });

  it('of a member called by a word is told from the place by the steps that work in the member', () => {
    for (const word of words)
      for (const [id, step] of Object.entries(federation.memberSteps)) {
        const own = id.replace('{cluster}', word);
        expect(placeOf(word, own, memberOfStep(own)).kind).toBe(step.inMember ? 'member' : word);
        const other = id.replace('{cluster}', 'another');
        expect(placeOf(word, other, memberOfStep(other)).kind).toBe(word);
      }
  });

  it('is not another one of the same name', () => {
    for (const kind of words) expect(isSamePlace({ kind }, memberPlace(kind))).toBe(false);
    expect(isSamePlace(memberPlace('a'), memberPlace('b'))).toBe(false);
    expect(isSamePlace(memberPlace('a'), memberPlace('a'))).toBe(true);
  });
});

describe('the key of an entry', () => {
  it('is what earlier versions wrote, but in members called by a word that had no mark of their own', () => {
    for (const member of someNames)
      for (let seed = 0; seed < 300; seed += 1) {
        const entry = someEntry(member, seed);
        const marked = entry.place.kind === 'member' && ['host', 'federation'].includes(member);
        expect(keyOf(entry)).toBe(`${marked ? 'member.' : ''}${earlierKey(entry)}`);
        expect(keyOf(entry)).toMatch(/^[-._a-zA-Z0-9]+$/);
      }
  });

  it('is exactly so for what the host, its API and the DNS provider have', () => {
    const about = { kind: 'Secret', namespace: 'federation', name: 'eu' };
    expect(keyOf({ ...about, place: { kind: 'host' } })).toBe('Secret.federation.eu');
    expect(keyOf({ kind: 'Cluster', namespace: '', name: 'eu', place: { kind: 'federation' } })).toBe('Cluster.eu');
    const zone = { kind: 'Zone', namespace: 'powerdns', name: 'federation.example', place: { kind: 'dns' } } as const;
    expect(keyOf(zone)).toBe('member.Zone.powerdns.federation.example');
    expect(keyOf({ ...about, place: memberPlace('eu') })).toBe('member.Secret.federation.eu');
    const role = { kind: 'ClusterRole', namespace: '', name: 'fedctl:eu:a', place: memberPlace('a') };
    expect(keyOf(role)).toBe('member.ClusterRole.fedctl_eu_a');
  });

  it('is another one for the same name in the host and in the member', () => {
    for (const member of someNames) {
      const about = { kind: 'Secret', namespace: 'federation', name: 'same' };
      expect(keyOf({ ...about, place: memberPlace(member) })).not.toBe(keyOf({ ...about, place: { kind: 'host' } }));
    }
  });
});
