import { schemaOfFile } from '../../../src/distributions/parse.ts';
import type { Spec } from '../../../src/spec/schema.ts';

/** A spec that needs nothing but what is given: official images, one host context. */
export function aSpec(
  given: { clusters?: string[]; dns?: boolean; build?: boolean; spec?: Record<string, unknown> } = {},
): Spec {
  const { clusters = [], dns = false, build = false, spec = {} } = given;
  const image = { registry: 'registry.example:5000', name: 'hyperkube-amd64', version: 'v1.5.0' };
  const file = schemaOfFile('federation').parse({
    apiVersion: 'fedctl/v1alpha1',
    kind: 'Federation',
    metadata: { name: 'myfederation' },
    spec: {
      host: { context: 'host' },
      images: {
        apiserver: image,
        controllerManager: image,
        ...(build
          ? { build: { source: '/src', binaries: ['true'], push: { registry: 'registry.example:5000' } } }
          : {}),
      },
      ...(dns ? { dns: { provider: 'powerdns', zone: 'federation.example.', domain: 'federation.example' } } : {}),
      clusters: clusters.map((name) => ({ name, context: name })),
      ...spec,
    },
  });
  return file.spec as Spec;
}
