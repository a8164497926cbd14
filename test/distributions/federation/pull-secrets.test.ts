import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { apiserverDeployment } from '../../../src/distributions/federation/apiserver.ts';
import { controllerManagerDeployment } from '../../../src/distributions/federation/controller-manager.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import type { Spec } from '../../../src/spec/schema.ts';
import { aSpec } from '../../helpers/common/spec.ts';

const target = { federation: 'myfederation', namespace: 'federation', uuid: 'u' };
const images = (pullSecret?: Spec['images']['pullSecret']): Spec['images'] => ({
  ...aSpec().images,
  ...(pullSecret ? { pullSecret } : {}),
});
const podOf = (object: KubeObject): Record<string, unknown> =>
  (object as unknown as { spec: { template: { spec: Record<string, unknown> } } }).spec.template.spec;

describe.each([
  [
    'federation-apiserver',
    (given: Spec['images']) =>
      apiserverDeployment(target, {
        apiserver: aSpec().apiserver,
        images: given,
        apiserverImage: 'r.example/hyperkube:v1',
        etcdImage: 'r.example/etcd:3',
        version: 'v1.5.0',
        address: '192.0.2.1',
        secretVersion: '1',
      }),
  ],
  [
    'federation-controller-manager',
    (given: Spec['images']) =>
      controllerManagerDeployment(target, {
        controllerManager: aSpec().controllerManager,
        images: given,
        dns: undefined,
        image: 'r.example/hyperkube:v1',
        version: 'v1.5.0',
        secretVersion: '1',
      }),
  ],
])('the pods of %s', (_name, deployment) => {
  it('pull with the Secret that images/record makes, where the spec asks for one', () => {
    const pod = podOf(deployment(images({ fromDockerConfig: '/config.json' })));
    expect(pod['imagePullSecrets']).toEqual([{ name: names.pullSecret }]);
  });

  it('name none otherwise', () => {
    expect(podOf(deployment(images()))).not.toHaveProperty('imagePullSecrets');
  });
});
