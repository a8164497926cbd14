import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import {
  stubProblem,
  stubServers,
  stubToRestore,
  stubToWrite,
  type StubEdit,
} from '../../src/cluster-dns/stub-domains.ts';
import { seeded } from '../helpers/common/seeded.ts';

const stub = { domain: 'federation.example', servers: ['192.0.2.53'] };
const configMap = (text?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'kube-dns' },
  data: text === undefined ? {} : { stubDomains: text },
});
const textOf = (object: KubeObject): string | undefined => (object['data'] as Record<string, string>)['stubDomains'];
/** The ConfigMap after an edit. */
function after(object: KubeObject, federation: string, edit: StubEdit | undefined): KubeObject {
  if (!edit) return object;
  const { [`stub.fedctl/${federation}`]: _ours, ...others } = object.metadata.annotations ?? {};
  const annotations = { ...others, ...(edit.mark === null ? {} : { [`stub.fedctl/${federation}`]: edit.mark }) };
  return { ...configMap(edit.value ?? undefined), metadata: { ...object.metadata, annotations } };
}
const add = (object: KubeObject, federation = 'fed', wanted = stub): KubeObject =>
  after(object, federation, stubToWrite(object, federation, wanted));
const remove = (object: KubeObject, federation = 'fed'): KubeObject =>
  after(object, federation, stubToRestore(object, federation));

/** Texts as people and tools write them. */
function someText(seed: number): string | undefined {
  const { below, label } = seeded(seed);
  if (below(6) === 0) return undefined;
  const domains = Object.fromEntries(
    Array.from({ length: below(4) }, () => [`${label()}.test`, [`10.0.0.${below(250)}`]]),
  );
  return [JSON.stringify(domains), `${JSON.stringify(domains, null, 2)}\n`, ` ${JSON.stringify(domains)} `][below(3)];
}

describe('a stub domain of kube-dns', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))('comes and goes without a trace (seed %i)', (seed) => {
    const before = configMap(someText(seed));
    const told = add(before);
    expect(JSON.parse(textOf(told)!)).toEqual({ ...JSON.parse(textOf(before) ?? '{}'), [stub.domain]: stub.servers });
    expect(stubToWrite(told, 'fed', stub)).toBeUndefined();
    expect(textOf(remove(told))).toBe(textOf(before));
    // Two federations do not mind in which order they come and go.
    const other = { domain: 'other.example', servers: ['192.0.2.54'] };
    const both = add(told, 'other', other);
    expect(JSON.parse(textOf(remove(both))!)).toEqual({
      ...JSON.parse(textOf(before) ?? '{}'),
      [other.domain]: other.servers,
    });
    expect(JSON.parse(textOf(remove(remove(both, 'other')) as KubeObject) ?? '{}')).toEqual(
      JSON.parse(textOf(before) ?? '{}'),
    );
  });

  it('gets other servers, and gives back what stood before the first ones', () => {
    const before = configMap('{"acme.local": ["1.2.3.4"]}');
    const moved = add(add(before), 'fed', { ...stub, servers: ['192.0.2.99'] });
    expect(JSON.parse(textOf(moved)!)[stub.domain]).toEqual(['192.0.2.99']);
    expect(textOf(remove(moved))).toBe(textOf(before));
  });

  it('stays where somebody made it theirs since', () => {
    const told = add(configMap());
    const theirs = { ...told, data: { stubDomains: `{"${stub.domain}":["10.9.9.9"]}` } };
    expect(textOf(remove(theirs))).toBe(`{"${stub.domain}":["10.9.9.9"]}`);
  });

  it('says what is no JSON object, and takes addresses as kube-dns does', () => {
    expect(['[]', 'x', '"a"', '3'].map((text) => stubProblem(configMap(text)))).not.toContain(undefined);
    expect([undefined, '', '{}'].map((text) => stubProblem(configMap(text)))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(stubServers(['192.0.2.53:53', '192.0.2.53:5353', '[fd00::53]:53'])).toEqual([
      '192.0.2.53',
      '192.0.2.53:5353',
      'fd00::53',
    ]);
  });
});
