import type { HostRef } from '../../catalogue/call.ts';
import { clusterSchema, type ClusterSpec } from '../../spec/schema.ts';
import { readSpecFile } from '../files/spec-file.ts';
import { usageError } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import { hostOfTarget } from './host.ts';
import { resolveTarget, type TargetOptions } from './target.ts';

/** Where the federation is, and who is to join. */
export interface Joining {
  federation: string;
  host: HostRef;
  members: ClusterSpec[];
}

/** How a member without a file is reached. */
export interface MemberFlags {
  clusterContext?: string;
  clusterKubeconfig?: string;
}

/** Members of the file: those named, or all that the record does not know. Throws usageError. */
export async function joiningOfFile(
  io: Io,
  file: string,
  name: string | undefined,
  given: readonly string[],
): Promise<Joining> {
  const { federation, host, spec } = await readSpecFile(io, file);
  const asked = name === undefined || name === federation ? given : [name, ...given];
  const unknown = asked.filter((one) => !spec.clusters.some((cluster) => cluster.name === one));
  if (unknown.length > 0) throw usageError(`${file} has no cluster ${unknown.join(', ')}`);
  if (asked.length > 0) return { federation, host, members: spec.clusters.filter((one) => asked.includes(one.name)) };
  const { openLocal } = await import('../../../worker/local.ts');
  const record = await openLocal(io.env)
    .record(host)
    .catch(() => undefined);
  if (!record)
    throw usageError(`the record of ${federation} cannot be read from here, so it is not known who is new`, [
      `name them: fedctl join -f ${file} ${spec.clusters.map((cluster) => cluster.name).join(' ')}`,
    ]);
  const members = spec.clusters.filter((one) => !record.members.some((known) => known.name === one.name));
  return { federation, host, members };
}

/** The one member that arguments and flags describe. Throws usageError. */
export async function joiningOfFlags(
  io: Io,
  name: string | undefined,
  given: readonly string[],
  options: TargetOptions & MemberFlags,
): Promise<Joining> {
  const [member] = given;
  if (name === undefined || member === undefined || given.length > 1)
    throw usageError('which cluster joins which federation?', [
      'fedctl join NAME CLUSTER --cluster-context CONTEXT',
      'fedctl join -f FILE [CLUSTER...]',
    ]);
  const host = await hostOfTarget(io, await resolveTarget(io, name, options));
  const { clusterContext: context = member, clusterKubeconfig: kubeconfig } = options;
  const parsed = clusterSchema.safeParse({ name: member, context, ...(kubeconfig ? { kubeconfig } : {}) });
  if (!parsed.success) throw usageError(`${member}: ${parsed.error.issues.map(({ message }) => message).join('; ')}`);
  return { federation: name, host, members: [parsed.data] };
}
