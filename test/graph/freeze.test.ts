import { describe, expect, it } from '@jest/globals';
import type { FrozenGraph, FrozenStep } from '../../src/graph/frozen.ts';
import { freezeDown, freezeRest, freezeUp, sliceSpec } from '../../src/graph/freeze.ts';
import { expandTemplate, fillInput } from '../../src/graph/refs.ts';
import { ancestors, assertSound } from '../../src/graph/sound.ts';
import { hostSteps, memberSteps } from '../../src/distributions/federation/steps.ts';
import { aSpec } from '../helpers/common/spec.ts';

const full = aSpec({ clusters: ['member-1', 'member-2'], dns: true, build: true });
const ids = (steps: FrozenStep[]): string[] => steps.map((step) => step.id);
const before = (graph: FrozenGraph, id: string): Set<string> => ancestors(id, graph.steps);

describe('freezeUp', () => {
  it('has every step of the catalogue when the spec asks for everything', () => {
    const everything = aSpec({
      clusters: ['member-1'],
      build: true,
      spec: {
        dns: { provider: 'powerdns', zone: 'a.example.', domain: 'a.example', apiserverRecord: true },
        controllerManager: { dnsProviderConfigFile: 'conf' },
      },
    });
    const graph = freezeUp(everything);
    expect(ids(graph.steps).sort()).toEqual(Object.keys(hostSteps).sort());
    expect(ids(graph.clusters!.template).sort()).toEqual(Object.keys(memberSteps).sort());
  });

  it('leaves out what the spec does not ask for, and everything still hangs together', () => {
    const graph = freezeUp(aSpec());
    expect(graph.clusters).toBeNull();
    expect(ids(graph.steps)).not.toContain('dns/zone');
    expect(ids(graph.steps)).not.toContain('images/build');
    expect(ids(graph.steps)).not.toContain('verify/clusters');
    expect(() => assertSound(graph)).not.toThrow();
  });

  it('starts the controller manager only after the API answers', () => {
    expect(before(freezeUp(full), 'controller-manager/deployment')).toContain('apiserver/ready');
  });

  it('starts the controller manager, which would make a zone of its own, only after the zone stands', () => {
    expect(before(freezeUp(full), 'controller-manager/deployment')).toContain('dns/zone');
    const zone = freezeDown(full, { volumes: 'delete' }).steps.find(({ id }) => id === 'dns/zone');
    expect(zone?.needs).toContain('controller-manager/deployment');
  });

  it('writes nothing before preflight has passed, and everything else after the record', () => {
    const graph = freezeUp(full);
    const preflight = ids(graph.steps).filter((id) => id.startsWith('preflight/'));
    expect(preflight.filter((id) => !before(graph, 'host/record').has(id))).toEqual([]);
    const builds = ['images/binaries', 'images/build'];
    const writing = ids(graph.steps).filter((id) => !/^(preflight|host)\//.test(id) && !builds.includes(id));
    expect(writing.filter((id) => !before(graph, id).has('host/record'))).toEqual([]);
  });

  it('gives a step only the spec fields it reads', () => {
    const service = freezeUp(full).steps.find((step) => step.id === 'apiserver/service')!;
    expect(service.input.spec).toEqual({ apiserver: { serviceType: 'LoadBalancer' }, patches: [] });
  });

  it('is plain data: the same after a journey through JSON', () => {
    const graph = freezeUp(full);
    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
  });

  it('waits as long as the policy says', () => {
    const spec = aSpec({ spec: { policy: { waits: { loadBalancer: '90s' } } } });
    expect(freezeUp(spec).steps.find((step) => step.id === 'apiserver/address')!.timing.waitMs).toBe(90_000);
  });
});

describe('assertSound', () => {
  const step = (id: string, needs: string[], facts = {}): FrozenStep => ({
    ...freezeUp(aSpec()).steps[0]!,
    id,
    needs,
    input: { spec: {}, facts },
  });
  const graph = (steps: FrozenStep[]): FrozenGraph => ({ steps, clusters: null, blockedForMs: 1, slowEveryMs: 1 });

  it('refuses a cycle, naming the step', () => {
    expect(() => assertSound(graph([step('a', ['b']), step('b', ['a'])]))).toThrow('step a needs itself');
  });
  it('refuses a need that is not in the run', () => {
    expect(() => assertSound(graph([step('a', ['gone'])]))).toThrow('step a needs gone');
  });
  it('refuses a fact of a step that may still be running', () => {
    const uses = step('b', [], { x: { from: 'a', field: 'f' } });
    expect(() => assertSound(graph([step('a', []), uses]))).toThrow('step b uses x of a, which it does not need');
  });
  it('refuses two steps of one id', () => {
    expect(() => assertSound(graph([step('a', []), step('a', [])]))).toThrow('same id');
  });
});

describe('freezeDown', () => {
  const down = freezeDown(full, { volumes: 'delete' });

  it('undoes exactly the steps that have an undo, looks first and sweeps last', () => {
    const undoable = Object.entries(hostSteps).flatMap(([id, step]) => ('undo' in step ? [id] : []));
    const expected = undoable.filter((id) => ids(freezeUp(full).steps).includes(id));
    expect(ids(down.steps).sort()).toEqual([...expected, 'down/federated-objects', 'down/sweep'].sort());
    expect(down.clusters!.needs).toEqual(['down/federated-objects']);
    const others = ids(down.steps).filter((id) => id !== 'down/sweep' && id !== 'down/federated-objects');
    expect([...before(down, 'down/sweep')].sort()).toEqual([...others, 'clusters'].sort());
  });

  it('goes backwards: members, controller manager, apiserver, record, namespace', () => {
    expect(before(down, 'controller-manager/deployment')).toContain('clusters');
    expect(before(down, 'apiserver/deployment')).toContain('controller-manager/deployment');
    expect(before(down, 'host/record')).toContain('apiserver/certificates');
    expect(before(down, 'host/namespace')).toContain('host/record');
  });

  it('restores the cluster DNS before its pods are recycled, and unregisters after both', () => {
    const needs = Object.fromEntries(
      down.clusters!.template.map((step) => [step.id, ancestors(step.id, down.clusters!.template)]),
    );
    expect(needs['clusters/{cluster}/recycle']).toContain('clusters/{cluster}/cluster-dns');
    expect(needs['clusters/{cluster}/register']).toContain('clusters/{cluster}/recycle');
    expect(needs['clusters/{cluster}/identity']).toContain('clusters/{cluster}/register');
  });
});

describe('freezeRest', () => {
  it('says the distribution that the run says, and nothing of the federation', () => {
    const rest = freezeRest({ volumes: 'keep' });
    expect(rest).not.toHaveProperty('distribution');
    expect(freezeRest({ volumes: 'keep' }, { distribution: 'federation' })).toEqual(rest);
    expect(freezeRest({ volumes: 'keep' }, { distribution: 'small' })).toEqual({ ...rest, distribution: 'small' });
  });
});

describe('references', () => {
  it('fills facts from results, and refuses one that is not known', () => {
    const step = freezeUp(full).steps.find((one) => one.id === 'apiserver/credentials')!;
    const filled = fillInput(step, { 'apiserver/address': { address: '10.0.0.1' } }) as { facts: object };
    expect(filled.facts).toEqual({ address: '10.0.0.1' });
    expect(() => fillInput(step, {})).toThrow('apiserver/address.address, which is not known');
  });

  it("puts a member's name into ids, needs and references", () => {
    const [, , , register] = expandTemplate(freezeUp(full).clusters!.template, { name: 'member-1' });
    expect(register!.id).toBe('clusters/member-1/register');
    expect(register!.needs).toEqual(['clusters/member-1/credentials']);
    expect(register!.input.facts['secretName']).toEqual({ from: 'clusters/member-1/credentials', field: 'secretName' });
    expect(register!.input['cluster']).toEqual({ name: 'member-1' });
  });
});

describe('sliceSpec', () => {
  it('leaves absent fields absent', () => {
    expect(sliceSpec(aSpec(), ['dns.zone', 'apiserver.replicas'])).toEqual({ apiserver: { replicas: 1 } });
  });
});
