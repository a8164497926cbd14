import { ApplicationFailure } from '@temporalio/common';
import { codeOf, stepErrorOf } from '../../src/errors/step-error.ts';
import type { ErrorCodeName, ErrorData } from '../../src/errors/codes.ts';
import type { ImageReference } from '../../src/images/reference.ts';
import type { Engine } from '../clients/engine/engine.ts';
import type { Registries } from '../clients/registry/registry.ts';
import { failure } from '../kit/fail.ts';

/** How registries say that a tag must stay what it is (Amazon ECR, Artifact Registry, Harbor, Quay). */
const immutable = /immutab|cannot be overwritten/i;
/**
 * How engines pass on that a registry denies a push: the specification's codes with their colon, or the status. Words
 * such as `permission denied` are of files, and are not meant.
 */
const denied = /(^|[\s"])(denied|unauthorized): |authentication required|status(?: code)?:? 40[13]\b/im;

const codeIn = (words: string): ErrorCodeName | undefined =>
  immutable.test(words) ? 'TAG_IMMUTABLE' : denied.test(words) ? 'REGISTRY_DENIED' : undefined;

/**
 * Why a push failed. An engine has one exit status for everything: first it is asked for the image, then its words count
 * where they are plain, then what the registry itself answers to the start of a push. Any other error, a cancellation
 * too, is answered as it is.
 */
export async function explainPush(
  error: unknown,
  client: Registries,
  target: ImageReference,
  { by, imageId }: { by: Pick<Engine, 'name' | 'has'>; imageId: string },
): Promise<unknown> {
  if (!(error instanceof ApplicationFailure) || error.type !== 'PUSH_FAILED') return error;
  // Asked only now: what does not fail needs no question. An engine that does not answer has its words of before.
  if (!(await by.has(imageId).catch(() => true)))
    return failure('IMAGE_NOT_BUILT', `${by.name} has no image ${imageId} any more`, { engine: by.name });
  const data: ErrorData = { ...stepErrorOf(error).data, registry: target.registry };
  const code = codeIn(error.message);
  if (code) return failure(code, error.message, data);
  try {
    await client.checkPush(target);
  } catch (answer) {
    if (!(answer instanceof ApplicationFailure)) return answer;
    const why = stepErrorOf(answer);
    return failure(codeOf(answer) ?? 'BUG', `${why.message}\n${error.message}`, { ...data, ...why.data });
  }
  return failure('PUSH_FAILED', error.message, data);
}
