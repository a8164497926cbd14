import { joinReference } from '../../images/reference.ts';
import type { Spec } from '../../spec/schema.ts';
import type { DistributionImage } from '../distribution.ts';

/** The two that one image holds, and etcd, which is never built. */
export const imagesOf = ({ images }: Pick<Spec, 'images'>): DistributionImage[] => [
  ...(['apiserver', 'controllerManager'] as const).map((key) => ({
    key,
    reference: joinReference(images[key]),
    builtAs: images[key].name,
  })),
  { key: 'etcd', reference: images.etcd.image },
];
