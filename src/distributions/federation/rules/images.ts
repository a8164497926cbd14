import type { Parts } from '../../../spec/parts.ts';
import type { Finding } from '../../../spec/problem.ts';
import { imageRules, imageSourceRules, referenceRules } from '../../../spec/rules/images.ts';
import { emptyWords } from '../../../spec/rules/words.ts';
import type { Spec } from '../../../spec/schema.ts';

const components = ['apiserver', 'controllerManager'] as const;

/** What is wrong with the images: where they come from, where they go, and their names. */
export function imagesRules({ spec: { images } }: Parts): Finding[] {
  if (!images) return [];
  return [
    ...(images.build ? [] : components.flatMap((component) => missing(images, component))),
    ...components.flatMap((component) => imageRules(component, images[component])),
    ...emptyWords(['spec', 'images', 'etcd', 'command'], images.etcd.command),
    ...referenceRules(['spec', 'images', 'etcd', 'image'], images.etcd.image),
    ...imageSourceRules(images),
  ];
}

function missing(images: Spec['images'], component: (typeof components)[number]): Finding[] {
  const ways = {
    registry: `such as gcr.io/google_containers; values.yaml's ${component}Registry or FEDERATION_PUSH_REPO_BASE work too`,
    version: `such as v1.5.0; values.yaml's ${component}Version or FEDERATION_IMAGE_TAG work too`,
  };
  return (['registry', 'version'] as const)
    .filter((key) => images[component][key] === undefined)
    .map((key) => ({
      path: ['spec', 'images', component, key],
      message: 'is missing',
      hint: `${ways[key]}; or images.build builds it`,
    }));
}
