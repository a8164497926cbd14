import type { Parts } from '../parts.ts';
import type { Finding } from '../problem.ts';

const day = 24 * 60 * 60 * 1000;
const longestWait = 30 * day;
const longestBlocked = 365 * day;

/** What is wrong with the bounds of waiting: a wait of nothing is no wait, one of months is a forgotten run. */
export function policyRules({ spec: { policy } }: Parts): Finding[] {
  if (!policy) return [];
  const waits = Object.entries(policy.waits).flatMap(([name, ms]) =>
    bounded(['spec', 'policy', 'waits', name], ms, longestWait, '30d'),
  );
  return [...waits, ...bounded(['spec', 'policy', 'blockedFor'], policy.blockedFor, longestBlocked, '365d')];
}

function bounded(path: string[], ms: number, longest: number, said: string): Finding[] {
  if (ms > 0 && ms <= longest) return [];
  return [{ path, message: ms > 0 ? `is longer than ${said}` : 'is zero', hint: `more than 0, at most ${said}` }];
}
