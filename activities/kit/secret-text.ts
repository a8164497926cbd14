import type { KubeObject } from '../../src/kubernetes/objects.ts';

/** Base64 of UTF-8 text, as `data` of a Secret holds it. */
export const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** The text again. */
export const fromBase64 = (text: string): string => Buffer.from(text, 'base64').toString('utf8');

/** One key of a Secret as text; undefined when the Secret or the key is not there, or the key is empty. SECRET. */
export function secretText(secret: KubeObject | undefined, key: string): string | undefined {
  const value = (secret?.['data'] as Record<string, string> | undefined)?.[key];
  return value ? fromBase64(value) : undefined;
}
