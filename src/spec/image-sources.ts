import type { Spec } from './schema.ts';

/** What all distributions say of where images come from and go; without a section `images` there are no mirrors. */
export const imageSourcesOf = ({ images }: Partial<Spec>): Pick<Spec['images'], 'build' | 'mirrors'> =>
  images ?? { mirrors: {} };
