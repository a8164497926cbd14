import { expect, it } from '@jest/globals';
import { neededImages } from '../../src/plan/image-list.ts';
import { aSpec } from '../helpers/common/spec.ts';

const image = { registry: 'gcr.io/google_containers', name: 'hyperkube-amd64', version: 'v1.5.0' };
const needed = (images: object) => neededImages(aSpec({ spec: { images } }));

it('names every image once, etcd included, where it is pulled from', () => {
  const mirrors = { 'gcr.io': 'mirror.example:5000/google' };
  expect(needed({ apiserver: image, controllerManager: image, mirrors })).toEqual([
    {
      image: 'mirror.example:5000/google/google_containers/hyperkube-amd64:v1.5.0',
      usedBy: ['apiserver', 'controllerManager'],
      built: false,
    },
    { image: 'quay.io/coreos/etcd:v3.6.8', usedBy: ['etcd'], built: false },
    { image: 'docker.io/library/busybox:1.36.1', usedBy: ['check'], built: false },
  ]);
});

it('names a pinned image by its digest', () => {
  const version = `sha256:${'a'.repeat(64)}`;
  const pinned = { ...image, version };
  expect(needed({ apiserver: pinned, controllerManager: image }).map((one) => one.image)).toEqual([
    `gcr.io/google_containers/hyperkube-amd64@${version}`,
    'gcr.io/google_containers/hyperkube-amd64:v1.5.0',
    'quay.io/coreos/etcd:v3.6.8',
    'docker.io/library/busybox:1.36.1',
  ]);
});

it('names what will be built by where it goes, with the tag as far as the spec says it', () => {
  const build = (push: object) => ({ build: { source: '/s', binaries: ['true'], push } });
  const first = (push: object): unknown => needed(build(push))[0];
  const of = { usedBy: ['apiserver', 'controllerManager'], built: true };
  expect(first({ registry: 'r.example' })).toEqual({ image: 'r.example/hyperkube-amd64', ...of });
  expect(first({ registry: 'r.example', tag: 'v9' })).toEqual({ image: 'r.example/hyperkube-amd64:v9', ...of });
});

it('names no tag where the registry is yet to say which version is the newest', () => {
  const newest = { ...image, version: 'newest' };
  expect(needed({ apiserver: newest, controllerManager: newest })[0]!.image).toBe(
    'gcr.io/google_containers/hyperkube-amd64',
  );
});
