import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { findClusterDns } from '../../src/cluster-dns/shapes.ts';
import {
  configMapToAdd,
  configMapToRestore,
  formerAnnotation,
  patchToAddFlag,
  patchToRestoreFlag,
} from '../../src/cluster-dns/edits.ts';
import { flagPlace, withFlag } from '../../src/cluster-dns/federations-flag.ts';
import {
  editToAdd,
  parseFormer,
  valueWithoutUs,
  withFederation,
  withoutFederation,
} from '../../src/cluster-dns/federations-setting.ts';
import { coreDns, kubeDnsDeployment, kubeDnsV18 } from '../helpers/kubernetes/kube-dns.ts';

/** Settings as they are met: absent, empty, other federations, blanks and newlines, one with our own name. */
const others = ['other=other.example', 'z=z.example.net', 'b=b.example', ' spaced = s.example '];
const settings: (string | undefined)[] = [undefined, '', '  ', '\n'];
for (const a of others) for (const b of others) if (a !== b) settings.push(a, `${a},${b}`, `${a},${b}\n`, `${b}, ${a}`);
const ours = { federation: 'myfederation', domain: 'federation.example' };
const second = { federation: 'second', domain: 'second.example' };
const asMap = (text: string | undefined): Record<string, string> =>
  Object.fromEntries(
    (text ?? '')
      .split(',')
      .filter((item) => item.trim())
      .map((item) => item.split('=').map((part) => part.trim())),
  );

describe('the federations setting', () => {
  it.each(settings)('add then remove gives back the former text exactly: %j', (text) => {
    const edit = editToAdd(text, undefined, ours)!;
    expect(asMap(edit.value)).toEqual({ ...asMap(text), myfederation: 'federation.example' });
    expect(valueWithoutUs(edit.value, edit.former, ours.federation)).toBe(text);
  });

  it.each(settings)('adding twice equals adding once: %j', (text) => {
    const once = withFederation(text, ours);
    expect(withFederation(once, ours)).toBe(once);
    expect(editToAdd(once, undefined, ours)).toBeUndefined();
  });

  it.each(settings)('two federations commute, and each can leave first: %j', (text) => {
    const ab = withFederation(withFederation(text, ours), second);
    expect(asMap(ab)).toEqual(asMap(withFederation(withFederation(text, second), ours)));
    const first = editToAdd(text, undefined, ours)!;
    const then = editToAdd(first.value, undefined, second)!;
    const leftFirst = valueWithoutUs(then.value, first.former, 'myfederation');
    expect(asMap(leftFirst)).toEqual({ ...asMap(text), second: 'second.example' });
    expect(asMap(valueWithoutUs(leftFirst, then.former, 'second'))).toEqual(asMap(text));
    const backwards = valueWithoutUs(then.value, then.former, 'second');
    expect(valueWithoutUs(backwards, first.former, 'myfederation')).toBe(text);
  });

  it('keeps the order of others and replaces an entry of its own name where it stands', () => {
    expect(withFederation('a=a.example,myfederation=old.example,c=c.example', ours)).toBe(
      'a=a.example,myfederation=federation.example,c=c.example',
    );
  });

  it('gives an entry of its own name back as it was before', () => {
    const edit = editToAdd('myfederation=old.example', undefined, ours)!;
    expect(valueWithoutUs(edit.value, edit.former, 'myfederation')).toBe('myfederation=old.example');
  });

  it('takes out only its own part when somebody changed the setting since', () => {
    const edit = editToAdd('a=a.example', undefined, ours)!;
    expect(valueWithoutUs(`new=n.example,${edit.value}`, edit.former, 'myfederation')).toBe(
      'new=n.example,a=a.example',
    );
    expect(valueWithoutUs('new=n.example', edit.former, 'myfederation')).toBe('new=n.example');
    expect(valueWithoutUs(undefined, edit.former, 'myfederation')).toBeUndefined();
  });

  it('remembers the first former text over a change of domain', () => {
    const first = editToAdd('a=a.example', undefined, ours)!;
    const moved = editToAdd(first.value, first.former, { ...ours, domain: 'new.example' })!;
    expect(moved.value).toBe('a=a.example,myfederation=new.example');
    expect(valueWithoutUs(moved.value, moved.former, 'myfederation')).toBe('a=a.example');
  });

  it('does not mistake a name that only begins like ours', () => {
    expect(withoutFederation('myfederation2=x.example', 'myfederation')).toBe('myfederation2=x.example');
  });

  it.each(['', '{', 'null', '{"applied":1}', '{"applied":"x","former":7}', undefined])(
    'ignores a broken note: %j',
    (text) => {
      expect(parseFormer(text)).toBeUndefined();
    },
  );
});

describe('the --federations flag', () => {
  const argvs = [
    [],
    ['--domain=cluster.local.'],
    ['--federations=a=a.example'],
    ['--domain=cluster.local.', '--federations=a=a.example', '--v=2'],
    ['--federations', 'a=a.example', '--v=2'],
    ['--federations='],
  ];
  it.each(argvs)('is set and taken out again without touching the rest: %j %j %j', (...args) => {
    const container = { args: args.filter((arg) => arg !== undefined) };
    const place = flagPlace(container);
    const items = withFlag(container, place, withFederation(place.value, ours));
    expect(asMap(flagPlace({ args: items }).value)).toEqual({
      ...asMap(place.value),
      myfederation: 'federation.example',
    });
    expect(withFlag({ args: items }, flagPlace({ args: items }), place.value)).toEqual(container.args);
  });

  it('is found in command too, and added to args otherwise', () => {
    expect(flagPlace({ command: ['/kube-dns', '--federations=a=b'] })).toMatchObject({
      field: 'command',
      at: 1,
      value: 'a=b',
    });
    expect(flagPlace({ command: ['/kube-dns', '--domain=x'] })).toMatchObject({
      field: 'args',
      at: 0,
      value: undefined,
    });
  });
});

const world = (given: { rcs?: KubeObject[]; deployments?: KubeObject[]; configMap?: boolean }) => ({
  replicationControllers: given.rcs ?? [],
  deployments: given.deployments ?? [],
  configMap: given.configMap ?? false,
});

describe('findClusterDns', () => {
  it('takes the flag for the ReplicationController of the guide, even beside a ConfigMap it does not read', () => {
    const found = findClusterDns(world({ rcs: [kubeDnsV18()], configMap: true }));
    expect(found).toMatchObject({ shape: 'replication-controller/args', controller: { containerAt: 1, replicas: 1 } });
    expect(found).toMatchObject({ controller: { podSelector: 'k8s-app=kube-dns,version=v18' } });
  });

  it.each([
    ['mounts it', kubeDnsDeployment({ mounts: true }), false],
    ['names it in a flag', kubeDnsDeployment({ args: ['--domain=cluster.local.', '--config-map=kube-dns'] }), false],
    ['runs beside it', kubeDnsDeployment({}), true],
  ])('takes the ConfigMap for a Deployment that %s', (_how, deployment, configMap) => {
    expect(findClusterDns(world({ deployments: [deployment], configMap }))).toMatchObject({
      shape: 'deployment/configmap',
    });
  });

  it('takes the flag for a Deployment without a ConfigMap, or with the flag in use', () => {
    expect(findClusterDns(world({ deployments: [kubeDnsDeployment({})] }))).toMatchObject({ shape: 'deployment/args' });
    const flagged = kubeDnsDeployment({ args: ['--federations=a=b'] });
    expect(findClusterDns(world({ deployments: [flagged], configMap: true }))).toMatchObject({
      shape: 'deployment/args',
    });
  });

  it('finds the container by image or flags where it has another name', () => {
    const renamed = kubeDnsV18((containers) => {
      containers[1]!.name = 'resolver';
    });
    expect(findClusterDns(world({ rcs: [renamed] }))).toMatchObject({ controller: { containerAt: 1 } });
    const unknownImage = kubeDnsV18((containers) => {
      Object.assign(containers[1]!, { name: 'resolver', image: 'mirror.example/dns:1' });
    });
    expect(findClusterDns(world({ rcs: [unknownImage] }))).toMatchObject({ controller: { containerAt: 1 } });
  });

  it('names what it cannot do', () => {
    expect(findClusterDns(world({}))).toMatchObject({ code: 'CLUSTER_DNS_ABSENT' });
    const unmounted = world({ deployments: [coreDns({ mounts: false })] });
    expect(findClusterDns(unmounted)).toMatchObject({ code: 'CLUSTER_DNS_UNKNOWN' });
    const migrating = world({ deployments: [coreDns(), kubeDnsDeployment({})] });
    expect(findClusterDns(migrating)).toMatchObject({ code: 'CLUSTER_DNS_AMBIGUOUS' });
    const both = findClusterDns(world({ rcs: [kubeDnsV18()], deployments: [kubeDnsDeployment({})] }));
    expect(both).toMatchObject({ code: 'CLUSTER_DNS_AMBIGUOUS' });
    const shell = kubeDnsDeployment({ command: ['/bin/sh', '-c', 'exec /kube-dns --domain=x'], args: [] });
    expect(findClusterDns(world({ deployments: [shell] }))).toMatchObject({ code: 'CLUSTER_DNS_UNKNOWN' });
  });

  it('does not take a controller scaled to zero for the one that answers', () => {
    const old = kubeDnsV18();
    (old['spec'] as { replicas: number }).replicas = 0;
    const found = findClusterDns(world({ rcs: [old], deployments: [kubeDnsDeployment({ mounts: true })] }));
    expect(found).toMatchObject({ shape: 'deployment/configmap' });
    expect(findClusterDns(world({ rcs: [old], deployments: [coreDns()] }))).toMatchObject({
      shape: 'coredns/corefile',
    });
  });

  it.each([
    ['1.3.1', 'federation-plugin', false],
    ['v1.6.9-eksbuild.1', 'federation-plugin', false],
    ['1.7.0', 'rewrite', false],
    ['v1.9.4', 'rewrite', false],
    ['v1.11.1', 'rewrite', true],
    ['latest', 'rewrite', true],
  ])('tells a CoreDNS %s by %s', (version, dialect, forwards) => {
    const found = findClusterDns(world({ deployments: [coreDns({ version })] }));
    const corefile = { name: 'coredns', key: 'Corefile', dialect, forwards };
    expect(found).toMatchObject({ shape: 'coredns/corefile', corefile, controller: { replicas: 2 } });
  });
});

describe('edits of objects', () => {
  const controllerIn = (object: KubeObject) => {
    const found = findClusterDns(world({ rcs: [object] }));
    if (!('place' in found)) throw new Error('no flag to set');
    return found;
  };

  it('patches the kubedns container by its place, guarded by the resourceVersion read', () => {
    const { controller, place } = controllerIn(kubeDnsV18());
    const patch = patchToAddFlag(controller, place, ours)!;
    expect(patch[0]).toEqual({ op: 'replace', path: '/metadata/resourceVersion', value: '7' });
    expect(patch[1]).toMatchObject({ op: 'add', path: '/spec/template/spec/containers/1/args' });
    expect((patch[1]!.value as string[]).at(-1)).toBe('--federations=myfederation=federation.example');
    expect(patch[2]!.value).toHaveProperty([formerAnnotation('myfederation')]);
  });

  it('does nothing where the federation is there, by whoever', () => {
    const named = kubeDnsV18((containers) =>
      containers[1]!.args!.push('--federations=myfederation=federation.example'),
    );
    const { controller, place } = controllerIn(named);
    expect(patchToAddFlag(controller, place, ours)).toBeUndefined();
    expect(patchToRestoreFlag(controller, 'myfederation')).toBeUndefined();
  });

  it('makes the ConfigMap where the pods would read one, and takes it away again if nobody used it', () => {
    const made = configMapToAdd(undefined, 'kube-system', ours) as { create: KubeObject };
    expect(made.create).toMatchObject({ kind: 'ConfigMap', data: { federations: 'myfederation=federation.example' } });
    expect(configMapToRestore(made.create, 'myfederation')).toEqual({ remove: true });
    const used = { ...made.create, data: { ...(made.create['data'] as object), stubDomains: '{}' } };
    expect(configMapToRestore(used, 'myfederation')).toMatchObject({ patch: { data: { federations: null } } });
  });

  it('leaves other keys of a ConfigMap alone', () => {
    const configMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-dns', resourceVersion: '9' },
      data: { stubDomains: '{}' },
    };
    const { patch } = configMapToAdd(configMap, 'kube-system', ours) as { patch: { data: object } };
    expect(patch.data).toEqual({ federations: 'myfederation=federation.example' });
    expect(patch).toMatchObject({ metadata: { resourceVersion: '9' } });
  });
});
