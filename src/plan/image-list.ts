import type { Spec } from '../spec/schema.ts';
import { newestVersion } from '../images/newest-tag.ts';
import { formatReference, joinReference, mirrored, parseReference } from '../images/reference.ts';

/** An image that a turn-up runs. */
export interface NeededImage {
  /** Reference in full, at its mirror where it has one. Without a tag when a build or a registry is yet to name it. */
  image: string;
  /** What runs it. */
  usedBy: ('apiserver' | 'controllerManager' | 'etcd' | 'check')[];
  /** True when the run itself builds and pushes it. */
  built: boolean;
}

/** Every image that the pods of a turn-up pull, once each, in the order of the spec: for an air gap. */
export function neededImages({ images, check }: Pick<Spec, 'images' | 'check'>): NeededImage[] {
  const { build } = images;
  const places = (['apiserver', 'controllerManager'] as const).map((name) => ({
    name,
    built: build !== undefined,
    image: build
      ? pushed(joinReference({ registry: build.push.registry, name: images[name].name, version: build.push.tag }))
      : pulled(joinReference(images[name]), images),
  }));
  const all = [
    ...places,
    { name: 'etcd' as const, built: false, image: pulled(images.etcd.image, images) },
    { name: 'check' as const, built: false, image: pulled(check.image, images) },
  ];
  return [...new Set(all.map(({ image }) => image))].map((image) => {
    const users = all.filter((one) => one.image === image);
    return { image, usedBy: users.map(({ name }) => name), built: users.some(({ built }) => built) };
  });
}

function pulled(text: string, { mirrors }: Spec['images']): string {
  const reference = parseReference(text);
  const place = reference && mirrored(reference, mirrors);
  if (!place) return text; // the rules of the spec let no other text through
  const { tag, ...rest } = place;
  return formatReference(tag === newestVersion ? rest : place);
}

/** As it will be pushed: parseReference would give a reference without a tag the tag latest. */
function pushed(text: string): string {
  const reference = parseReference(text);
  if (!reference) return text;
  const { tag, ...rest } = reference;
  return formatReference(tag === 'latest' && !text.endsWith(':latest') ? rest : reference);
}
