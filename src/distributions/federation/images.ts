import { joinReference } from '../../images/reference.ts';
import type { Spec } from '../../spec/schema.ts';
import type { DistributionImage } from '../distribution.ts';

/** The two that one image holds, and etcd, which is never built. */
export const imagesOf = ({ images }: Pick<Spec, 'images'>): DistributionImage[] => [
  ...(['apiserver', 'controllerManager'] as const).map((key) => ({
    key,
    field: `images.${key}`,
    reference: joinReference(images[key]),
    ...(images[key].version ? {} : { lacks: `images.${key}.version` }),
    builtAs: images[key].name,
  })),
  { key: 'etcd', field: 'images.etcd.image', reference: images.etcd.image },
];
