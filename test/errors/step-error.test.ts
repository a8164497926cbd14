import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { failure, retryable } from '../../activities/kit/fail.ts';
import { codeOf, stepErrorOf } from '../../src/errors/step-error.ts';

describe('codeOf', () => {
  it('is the code that a failure was made with, however it is retried', () => {
    const made = failure('FORBIDDEN', 'may not');
    expect(codeOf(made)).toBe('FORBIDDEN');
    expect(codeOf(retryable(made))).toBe('FORBIDDEN');
  });

  it.each([
    new Error('EACCES'),
    ApplicationFailure.create({ type: 'SomethingElse', message: 'of another program' }),
    { type: 7 },
    { type: 'toString' },
    'FORBIDDEN',
    null,
    undefined,
  ])('is undefined for %p, which is none of the table', (error) => {
    expect(codeOf(error)).toBeUndefined();
  });
});

describe('stepErrorOf', () => {
  it('has code, message and data of a failure', () => {
    const made = failure('NOT_FOUND', 'no such thing', { server: 'https://host' });
    expect(stepErrorOf(made)).toEqual({
      code: 'NOT_FOUND',
      message: 'no such thing',
      data: { server: 'https://host' },
    });
  });

  it('keeps the code of a newer worker, and calls what has none a bug', () => {
    const newer = ApplicationFailure.create({ type: 'OF_TOMORROW', message: 'new' });
    expect(stepErrorOf(newer)).toEqual({ code: 'OF_TOMORROW', message: 'new', data: {} });
    const bare = ApplicationFailure.create({ message: 'what' });
    expect(stepErrorOf(bare)).toEqual({ code: 'BUG', message: 'what', data: {} });
  });
});
