import { chartKeys } from '../../src/distributions/federation/chart-keys.ts';
import type { ChartKey } from '../../src/spec/part.ts';
import { dotted } from '../../src/spec/problem.ts';
import { cell, code, generated, page, table } from './markdown.ts';

function meaning(key: ChartKey): string {
  if ('field' in key) return `fills ${code(dotted(key.field))}${key.output ? '; with `images.build` an output' : ''}`;
  if ('refused' in key) return cell(`refused unless ${key.unless}: ${key.refused}`);
  return cell(`ignored${key.secret ? ', and said to be a secret' : ''}: ${key.ignored}`);
}

const variables: readonly (readonly [string, string])[] = [
  ['FEDERATION_OUTPUT_ROOT', 'the folder of values.yaml'],
  ['FEDERATION_NAME', 'fills `metadata.name`'],
  [
    'FEDERATION_PUSH_REPO_BASE',
    'fills both registries, or with `images.build` where to push; alone it means `newest`, the newest version that the registry lists',
  ],
  [
    'FEDERATION_IMAGE_TAG',
    'fills both versions, or with `images.build` the tag to push; what the registry has under it is used as it is',
  ],
  ['KUBE_REGISTRY', 'with `images.build` where to push; goes before FEDERATION_PUSH_REPO_BASE'],
  ['KUBE_VERSION', 'with `images.build` the tag to push; goes before FEDERATION_IMAGE_TAG; without both git says it'],
  ['DNS_ZONE_NAME', 'fills `spec.dns.zone`, and asks for DNS where the file does not'],
  ['DNS_DOMAIN_NAME', 'fills `spec.dns.domain`; default: the zone without its dot'],
  ['FEDERATION_DNS_PROVIDER', 'fills `spec.dns.provider`'],
  ['KUBERNETES_PROVIDER', 'infers `spec.dns.provider`: gce and gke google-clouddns, aws aws-route53'],
];

/** docs/chart-keys.md: what becomes of every key of the old chart, and of the guide's variables. */
export const chartKeysPage = (): string =>
  page(
    generated('src/distributions/federation/chart-keys.ts'),
    '# values.yaml and the environment',
    '`$FEDERATION_OUTPUT_ROOT/values.yaml` fills what the spec file leaves out. A key that both have, and not alike, ' +
      'is an error that names both places. With `images.build` the four image keys are outputs: the run writes them and ' +
      'does not read them.',
    table(
      ['key', 'what fedctl does with it'],
      Object.entries(chartKeys).map(([key, what]) => [code(key), meaning(what)]),
    ),
    '## Environment',
    'Variables fill what neither the file nor values.yaml says. An empty one counts as not set.',
    table(
      ['variable', 'what fedctl does with it'],
      variables.map(([name, what]) => [code(name), what]),
    ),
  );
