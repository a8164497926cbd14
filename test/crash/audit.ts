import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from '../../sandbox/layout.ts';

interface AuditEvent {
  userAgent?: string;
  objectRef?: { resource?: string; namespace?: string; name?: string };
}

/** Answers 201 that fedctl got from an API server, by object: more than one and something was made twice. */
async function createdIn(file: string, mentions: string): Promise<Map<string, number>> {
  const created = new Map<string, number>();
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    if (!line.includes('"code":201') || !line.includes(mentions)) continue;
    const event = JSON.parse(line) as AuditEvent;
    const { resource = '', namespace = '', name = '' } = event.objectRef ?? {};
    if (event.userAgent !== 'fedctl' || resource === 'selfsubjectaccessreviews') continue;
    const object = `${resource} ${namespace}/${name}`;
    created.set(object, (created.get(object) ?? 0) + 1);
  }
  return created;
}

/** How often each object of a federation was made, by the audit log of each cluster: `host secrets x/y`. */
export async function timesMade(
  audits: Readonly<Record<string, string>>,
  federation: string,
): Promise<Record<string, number>> {
  const logs = Object.entries(audits).map(async ([cluster, file]) =>
    [...(await createdIn(file, federation))].map(([object, times]) => [`${cluster} ${object}`, times] as const),
  );
  return Object.fromEntries((await Promise.all(logs)).flat());
}

/** Audit logs of a sandbox's clusters. */
export const auditsOf = ({ state }: Layout, members: readonly string[]): Record<string, string> => ({
  host: join(state, 'audit/host.log'),
  ...Object.fromEntries(members.map((name) => [name, join(state, 'kwok/clusters', name, 'logs/audit.log')])),
});

/** Objects of a federation in the sandbox that were made more than once. */
export async function madeTwice(layout: Layout, members: readonly string[], federation: string): Promise<string[]> {
  const made = await timesMade(auditsOf(layout, members), federation);
  return Object.entries(made).flatMap(([object, times]) => (times > 1 ? [`${object} ${times} times`] : []));
}
