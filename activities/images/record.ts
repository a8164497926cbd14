import { isDeepStrictEqual } from 'node:util';
import { base64 } from '../kit/secret-text.ts';
import type { CallOf, ResultOf } from '../../src/catalogue/call-of.ts';
import type { Distribution } from '../../src/distributions/distribution.ts';
import { type ImageReference, pinned, tagOf } from '../../src/images/reference.ts';
import { pullConfig, readDockerConfig } from '../clients/registry/docker-config.ts';
import type { Deps } from '../core/deps.ts';
import { failure } from '../kit/fail.ts';
import { apiImageOf, type ImagesSpec, type PinnedImages, pinnedImages, pushPlaces, referenceIn } from './target.ts';
import { ensureObject } from '../core/objects.ts';
import { patchRecord, readRecord } from '../core/record.ts';
import { type StepScope, writing } from '../core/step.ts';

/** What the pods will run, by key: references from preflight, or where the run built the image itself, what was pushed. */
function resolve({ images: imagesOf }: Distribution, call: CallOf<'images/record'>): PinnedImages {
  const named = imagesOf(call.input.spec);
  const { build } = call.input.spec.images;
  const checked: Readonly<Record<string, unknown>> = call.input.facts;
  const pins = pinnedImages(named, ({ key }) => checked[key] as string | undefined);
  if (!build) return pins;
  const { pushed, digest } = call.input.facts;
  if (!pushed || !digest) throw failure('BUG', 'images/record was called before images/push');
  const { tag } = referenceIn(pushed, 'images/push.reference');
  const at = (place: string): string => pinned(referenceIn(`${place}:${tag}`, 'images/push.reference'), digest);
  const built = pushPlaces(named, build).map(({ key, place }) => [key, at(place)]);
  return { ...pins, ...Object.fromEntries(built) };
}

/**
 * The Secret that pods pull with: the docker config file's credentials for the registries of these images, and no
 * others. Its contents go from the file into the cluster and nowhere else. Throws PULL_SECRET.
 */
async function ensurePullSecret(
  scope: StepScope,
  images: ImagesSpec,
  references: readonly ImageReference[],
): Promise<'created' | 'updated' | 'kept'> {
  const file = images.pullSecret?.fromDockerConfig;
  if (file === undefined) return 'kept';
  const registries = [...new Set(references.map(({ registry }) => registry))];
  const config = pullConfig(await readDockerConfig(file), registries);
  if (!config) throw failure('PULL_SECRET', `${file} has no credentials under auths for ${registries.join(', ')}`);
  const { names } = scope.distribution;
  const { outcome } = await ensureObject(scope, 'host', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: names.pullSecret, namespace: scope.run.host.namespace, labels: { app: names.app } },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64(JSON.stringify(config)) },
  });
  return outcome;
}

async function recordImages(scope: StepScope, call: CallOf<'images/record'>): Promise<ResultOf<'images/record'>> {
  const images = resolve(scope.distribution, call);
  const references = Object.entries(images).map(([name, text]) => referenceIn(text, `images.${name}`));
  const secret = await ensurePullSecret(scope, call.input.spec.images, references);
  const record = await readRecord(scope.host, scope.run.host.namespace);
  const same = isDeepStrictEqual(record?.images, { ...images });
  if (!same) await patchRecord(scope, { images: JSON.stringify(images) });
  const outcome = !same ? 'updated' : secret === 'kept' ? 'kept' : 'updated';
  const image = apiImageOf(scope.distribution, images);
  return { outcome, note: image, facts: { ...images, version: tagOf(image) } };
}

/** The step that notes what the pods run; the CLI writes values.yaml from it. */
export const imagesRecordActivities = (deps: Deps) => ({
  recordImages: writing<'images/record'>(deps, recordImages),
});
