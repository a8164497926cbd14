import { createHash } from 'node:crypto';

const hexOf = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** Digest of these bytes, as registries and plans write it: `sha256:<hex>`. */
export const sha256Of = (content: string | Buffer): string => `sha256:${hexOf(content)}`;

/** 16 hexadecimal digits that tell one text from another: for names of files and ids. */
export const shortDigestOf = (text: string): string => hexOf(text).slice(0, 16);
