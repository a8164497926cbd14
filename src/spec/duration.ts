import { z } from 'zod';

const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const pattern = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;

/** Milliseconds of `90s`, `1h30m`, `7d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!pattern.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    (sum, [, number, name]) => sum + Number(number) * unit[name as keyof typeof unit],
    0,
  );
}

/** A duration of the spec: text like `10m`; comes out as milliseconds. */
export const duration = z
  .string()
  .regex(pattern, 'must be a duration like 30s, 10m, 1h30m or 7d')
  .transform((text) => parseDuration(text) ?? 0);
