import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from '../../sandbox/layout.ts';

interface AuditEvent {
  verb: string;
  userAgent?: string;
  requestURI: string;
  stage: string;
  responseStatus?: { code: number };
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

/** Objects of a federation that were made more than once, in host and members. */
export async function madeTwice({ state }: Layout, members: readonly string[], federation: string): Promise<string[]> {
  const logs = [
    join(state, 'audit', 'host.log'),
    ...members.map((name) => join(state, 'kwok/clusters', name, 'logs/audit.log')),
  ];
  const counts = await Promise.all(logs.map((file) => createdIn(file, federation)));
  return counts
    .flatMap((map) => [...map])
    .flatMap(([object, times]) => (times > 1 ? [`${object} ${times} times`] : []));
}
