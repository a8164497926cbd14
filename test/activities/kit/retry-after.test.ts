import { describe, expect, it } from '@jest/globals';
import { retryAfterMs } from '../../../activities/kit/retry-after.ts';

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toUTCString();

describe('retryAfterMs', () => {
  it.each([
    ['7', 7_000],
    [' 7 ', 7_000],
    ['1.5', 1_500],
    ['600', 600_000],
    ['86400', 600_000],
    [inSeconds(86_400), 600_000],
  ])('of %j is %d', (header, ms) => {
    expect(retryAfterMs(header)).toBe(ms);
  });

  it('counts from now to an HTTP date', () => {
    const ms = retryAfterMs(inSeconds(120))!;
    // The header has whole seconds.
    expect(ms).toBeGreaterThan(60_000);
    expect(ms).toBeLessThanOrEqual(120_000);
  });

  it.each([
    undefined,
    null,
    '',
    '0',
    '-7',
    'soon',
    '7 s',
    '0x7',
    'Infinity',
    'NaN',
    '2999-01-01',
    inSeconds(-60),
    'Xxx, 99 Yyy 2999 GMT',
  ])('of %p is nothing', (header) => {
    expect(retryAfterMs(header)).toBeUndefined();
  });
});
