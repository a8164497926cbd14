import { describe, expect, it } from '@jest/globals';
import {
  formatReference,
  isInsecure,
  joinReference,
  mirrored,
  parseReference,
  pinned,
  tagOf,
} from '../../src/images/reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const parsed = (text: string) => {
  const reference = parseReference(text);
  if (!reference) throw new Error(`${text} is no reference`);
  return reference;
};

describe('parseReference', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['coreos/etcd:v3', 'docker.io/coreos/etcd:v3'],
    ['docker.io/busybox', 'docker.io/library/busybox:latest'],
    ['index.docker.io/coreos/etcd:v3', 'docker.io/coreos/etcd:v3'],
    ['localhost/x', 'localhost/x:latest'],
    ['10.88.0.1:5000/etcd:3.6.8', '10.88.0.1:5000/etcd:3.6.8'],
    ['localhost:5000/a/b__c/d-e:T_1.x', 'localhost:5000/a/b__c/d-e:T_1.x'],
    ['[::1]:5000/etcd', '[::1]:5000/etcd:latest'],
    [`quay.io/coreos/etcd@${digest}`, `quay.io/coreos/etcd@${digest}`],
    [`quay.io/coreos/etcd:v3@${digest}`, `quay.io/coreos/etcd:v3@${digest}`],
  ])('reads %s as %s', (text, full) => {
    expect(formatReference(parsed(text))).toBe(full);
  });

  it.each(['', 'a/Upper', 'a//b', 'quay.io/', 'a:', 'a@sha256:12', 'https://quay.io/a', 'a b', '-a', 'a/b:tag:tag'])(
    'does not take %j for a reference',
    (text) => {
      expect(parseReference(text)).toBeUndefined();
    },
  );
});

describe('tagOf', () => {
  it.each([
    ['host:5000/x:v1.5.0', 'v1.5.0'],
    [`host:5000/x:v1.5.0@${digest}`, 'v1.5.0'],
    [`host:5000/x@${digest}`, ''],
    [`10.0.0.1/x@${digest}`, ''],
    ['busybox', 'latest'],
    ['(new)', ''],
  ])('of %s is %j', (text, tag) => {
    expect(tagOf(text)).toBe(tag);
  });
});

describe('joinReference', () => {
  it('puts registry, name and version together', () => {
    expect(joinReference({ registry: 'gcr.io/google_containers/', name: 'hyperkube-amd64', version: 'v1.5.0' })).toBe(
      'gcr.io/google_containers/hyperkube-amd64:v1.5.0',
    );
    expect(joinReference({ registry: 'r:5000', name: 'x', version: digest })).toBe(`r:5000/x@${digest}`);
    expect(joinReference({ name: 'x' })).toBe('x');
  });
});

describe('mirrored', () => {
  const mirrors = {
    'quay.io': 'm.local/quay',
    'quay.io/coreos': 'm.local:5000/c',
    'docker.io/library/busybox': 'b.local/bb',
  };
  const at = (text: string) => formatReference(mirrored(parsed(text), mirrors)!);

  it('takes the longest prefix that ends at a slash, and keeps tag and digest', () => {
    expect(at(`quay.io/coreos/etcd:v3@${digest}`)).toBe(`m.local:5000/c/etcd:v3@${digest}`);
    expect(at('quay.io/coreosx/etcd:v3')).toBe('m.local/quay/coreosx/etcd:v3');
    expect(at('quay.iox.io/etcd:v3')).toBe('quay.iox.io/etcd:v3');
    expect(at('busybox:1')).toBe('b.local/bb:1');
  });

  it('does not make a digest into latest', () => {
    expect(at(`quay.io/x@${digest}`)).toBe(`m.local/quay/x@${digest}`);
  });

  it('says that a mirror is no place', () => {
    expect(mirrored(parsed('quay.io/x'), { 'quay.io': 'https://m.local' })).toBeUndefined();
  });
});

it('knows insecure registries by host and port', () => {
  const images = { insecureRegistries: ['10.88.0.1:5000'] };
  expect(isInsecure('10.88.0.1:5000', images)).toBe(true);
  expect(isInsecure('10.88.0.1', images)).toBe(false);
});

it('pins a tag to a digest', () => {
  expect(pinned(parsed('r.io/x:1'), digest)).toBe(`r.io/x:1@${digest}`);
});
