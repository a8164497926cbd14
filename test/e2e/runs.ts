import { expect } from '@jest/globals';
import type { StatusRun } from '../../src/cli/views/status-model.ts';
import type { Standing } from '../../src/status/standing.ts';
import { eventually, type Operator, type Ran } from './world.ts';

/** A step of `fedctl status -o json`, as far as tests ask. */
export interface SeenStep {
  id: string;
  status: string;
  detail: string | null;
  attempt: number;
  error: { code: string; message: string; fix: string[] } | null;
}

/** What `fedctl status -o json` says, as far as tests ask. */
export interface Seen {
  status: string;
  source: string;
  phases: { id: string; steps: SeenStep[] }[];
  clusters: { name: string; status: string; steps: SeenStep[] }[];
  debts: { cluster: string; since: string; objects: number; nextAttemptAt: string | null }[];
  outputs: Record<string, unknown>;
  lastRun: StatusRun | null;
  standing: Standing | null;
}

/** Ended with exit code 0; else what it said last is shown. */
export const succeeded = (ran: Ran): void => endedWith(ran, 0);

/** Ended with this exit code; else what it said last is shown. */
export const endedWith = (ran: Ran, code: number): void =>
  expect({ code: ran.code, tail: ran.code === code ? '' : ran.stderr.slice(-3_000) }).toEqual({ code, tail: '' });

/** The status of a federation. Throws when there is none. */
export async function statusOf(operator: Operator, federation: string): Promise<Seen> {
  const { stdout, stderr } = await operator.fedctl('status', federation, '-o', 'json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Seen;
}

/**
 * What stands, by the clusters themselves; asked again while one of them is too slow for its part. `run`: one
 * `fedctl status -o json`.
 */
export const standingBy = (run: () => Promise<Ran>): Promise<{ seen: Seen; standing: Standing; ran: Ran }> =>
  eventually(
    async () => {
      const ran = await run();
      const seen = JSON.parse(ran.stdout) as Seen;
      const { standing } = seen;
      return standing !== null && !/gave no answer in/.test(JSON.stringify(standing)) && { seen, standing, ran };
    },
    'every cluster answers in time',
    120_000,
  );

/** Every step of run and members. */
export const stepsOf = ({ phases, clusters }: Seen): SeenStep[] =>
  [...phases, ...clusters].flatMap(({ steps }) => steps);

/** One step of a federation as it stands now. */
export const stepOf = async (operator: Operator, federation: string, id: string): Promise<SeenStep | undefined> =>
  stepsOf(await statusOf(operator, federation)).find((step) => step.id === id);

/** Ids of the steps that are blocked. */
export const blockedIn = (seen: Seen): string[] =>
  stepsOf(seen).flatMap(({ id, status }) => (status === 'blocked' ? [id] : []));

/** How each member stands. */
export const membersIn = ({ clusters }: Seen): Record<string, string> =>
  Object.fromEntries(clusters.map(({ name, status }) => [name, status]));

/** UID of an object. */
export const uidOf = (operator: Operator, context: string, ...args: string[]): Promise<string> =>
  operator.kubectl(context, 'get', ...args, '-o', 'jsonpath={.metadata.uid}');
