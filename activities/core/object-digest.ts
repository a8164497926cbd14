import { sha256Of } from '../kit/digest.ts';
import { meaningOf } from '../../src/plan/preview.ts';
import { canonical } from '../../src/spec/canonical.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';

/** In place of what only a real write could tell: another resourceVersion, a new UID, a token. */
export const toBeMade = '(new)';
/** In place of an address that nobody gave yet (RFC 5737: of nobody). */
export const noAddress = '192.0.2.1';

/** Of any value; keys in any order give the same. */
export const digestOf = (value: unknown): string => sha256Of(JSON.stringify(canonical(value)));

/**
 * Digest of what an object means, whatever its federation's uuid (a plan is made before there is one). null for a
 * Secret, whose digest could be guessed from, and where something of it is known only when it is written.
 */
export function objectDigest(object: KubeObject, uuid: string): string | null {
  if (object.kind === 'Secret') return null;
  const text = JSON.stringify(canonical(meaningOf(object)));
  if (text.includes(toBeMade) || text.includes(noAddress)) return null;
  return digestOf(uuid === '' ? text : text.replaceAll(uuid, '(uuid)'));
}
