import { sha256Of } from '../../kit/digest.ts';
import { failure } from '../../kit/fail.ts';
import type { Answer } from './http.ts';

/** The digest that the registry tells of its answer; undefined where it tells none, or what is none. */
export function toldDigest({ headers }: Answer): string | undefined {
  const told = headers['docker-content-digest'];
  return typeof told === 'string' && /^sha256:[0-9a-f]{64}$/.test(told) ? told : undefined;
}

/** The digest of a manifest that was read: of its bytes, and what the registry tells must be the same. */
export function provenDigest(answer: Answer, reference: string): string {
  const computed = sha256Of(answer.body);
  const told = toldDigest(answer);
  if (told && told !== computed)
    throw failure(
      'DIGEST_MISMATCH',
      `the registry reports ${told} for ${reference}, but the content has digest ${computed}`,
    );
  return computed;
}
