import { distributionOf, type DistributionTable } from '../distributions/table.ts';
import { imageSourcesOf } from '../spec/image-sources.ts';
import type { Spec } from '../spec/schema.ts';
import { newestVersion } from '../images/newest-tag.ts';
import { formatReference, joinReference, mirrored, parseReference } from '../images/reference.ts';

/** An image that a turn-up runs. */
export interface NeededImage {
  /** Reference in full, at its mirror where it has one. Without a tag when a build or a registry is yet to name it. */
  image: string;
  /** What runs it: keys of the distribution's images, or `check`. */
  usedBy: string[];
  /** True when the run itself builds and pushes it. */
  built: boolean;
}

/** Every image that the pods of a turn-up pull, once each, in the order of the spec: for an air gap. */
export function neededImages(spec: Spec, distributions?: DistributionTable): NeededImage[] {
  const { build, mirrors } = imageSourcesOf(spec);
  const own = distributionOf(spec, distributions).images(spec);
  const all = [
    ...own.map(({ key, reference, builtAs }) =>
      build && builtAs !== undefined
        ? { name: key, built: true, image: pushed(joinReference({ ...pushPlace(build), name: builtAs })) }
        : { name: key, built: false, image: pulled(reference, mirrors) },
    ),
    { name: 'check', built: false, image: pulled(spec.check.image, mirrors) },
  ];
  return [...new Set(all.map(({ image }) => image))].map((image) => {
    const users = all.filter((one) => one.image === image);
    return { image, usedBy: users.map(({ name }) => name), built: users.some(({ built }) => built) };
  });
}

const pushPlace = ({ push }: NonNullable<Spec['images']['build']>) => ({ registry: push.registry, version: push.tag });

function pulled(text: string, mirrors: Spec['images']['mirrors']): string {
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
