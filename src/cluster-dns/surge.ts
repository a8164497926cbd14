import type { KubeObject } from '../kubernetes/objects.ts';
import type { DnsController } from './shapes.ts';
import { guard, type JsonPatch } from './edits.ts';

/** One pod more than there should be, for as long as pods are replaced. */
export interface Surge {
  /** Replicas before, and with the pod more. */
  former: number;
  raised: number;
  /** When it was asked for; RFC 3339. */
  since: string;
}

/** Annotation on a controller that has a pod more. A federation's name is at most 63 characters: it fits after the slash. */
export const surgeAnnotation = (federation: string): string => `surge.fedctl/${federation}`;

/** The surge that an earlier look, or a worker that died, began; undefined: none, or not of our making. */
export function surgeOf(object: KubeObject, federation: string): Surge | undefined {
  try {
    const value = JSON.parse(object.metadata.annotations?.[surgeAnnotation(federation)] ?? '') as Partial<Surge>;
    const { former, raised, since } = value;
    if (!Number.isInteger(former) || !Number.isInteger(raised) || Number.isNaN(Date.parse(since ?? '')))
      return undefined;
    return value as Surge;
  } catch {
    return undefined;
  }
}

/** JSON patch for one pod more; what was before stands beside it, so that whoever comes later can put it back. */
export function patchToRaise({ object, replicas }: DnsController, federation: string, now: Date): JsonPatch {
  const surge: Surge = { former: replicas, raised: replicas + 1, since: now.toISOString() };
  const annotations = { ...object.metadata.annotations, [surgeAnnotation(federation)]: JSON.stringify(surge) };
  return [
    ...guard(object),
    { op: 'add', path: '/spec/replicas', value: surge.raised },
    { op: 'add', path: '/metadata/annotations', value: annotations },
  ];
}

/** JSON patch that puts the number back, unless somebody set another one since; undefined: there is no surge. */
export function patchToLower({ object, replicas }: DnsController, federation: string): JsonPatch | undefined {
  const surge = surgeOf(object, federation);
  if (!surge) return undefined;
  const { [surgeAnnotation(federation)]: _ours, ...annotations } = object.metadata.annotations ?? {};
  const number: JsonPatch =
    replicas === surge.raised ? [{ op: 'replace', path: '/spec/replicas', value: surge.former }] : [];
  return [...guard(object), ...number, { op: 'add', path: '/metadata/annotations', value: annotations }];
}

interface ManagedFields {
  manager?: string;
  operation?: string;
  subresource?: string;
  fieldsV1?: { 'f:spec'?: { 'f:replicas'?: unknown } };
}

/** People's tools: they set a number once, and do not set it again. */
const byHand: ReadonlySet<string> = new Set(['kubectl', 'fedctl']);

/**
 * Who keeps setting the number of replicas, as far as the object tells: an autoscaler writes the subresource `scale`,
 * and what deploys from a repository applies. undefined: nobody is known to.
 */
export function holderOfReplicas({ metadata }: KubeObject): string | undefined {
  const entries = (metadata.managedFields ?? []) as ManagedFields[];
  const holder = entries.find(
    ({ manager = '', operation, subresource, fieldsV1 }) =>
      fieldsV1?.['f:spec']?.['f:replicas'] !== undefined &&
      !byHand.has(manager) &&
      (subresource === 'scale' || operation === 'Apply'),
  );
  return holder?.manager;
}

/** What a plan says of a controller that gets a pod more for a while; undefined: it does not. */
export const surgeNote = ({ replicas, object }: DnsController): string | undefined =>
  replicas === 1 && holderOfReplicas(object) === undefined ? 'one pod more while its only one is replaced' : undefined;
