import type { HostRef } from '../../catalogue/call.ts';
import type { ClusterSpec } from '../../spec/schema.ts';
import { connectTemporal } from '../../temporal/client.ts';
import { digestOfChoices } from '../files/digest.ts';
import type { ExitCode } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import type { RunOptions } from '../io/run-flags.ts';
import { whoAmI } from '../io/who-am-i.ts';
import { assertFree } from '../reads/lock.ts';
import { startAndFollow } from './start-run.ts';

/** Members that join a federation that stands, or leave it. */
export interface MemberChange {
  federation: string;
  host: HostRef;
  change: { join: ClusterSpec[] } | { unjoin: string[] };
  takeOver?: boolean | undefined;
  /** Takes what was made by hand. */
  adopt?: boolean | undefined;
}

/** Starts the run that changes the members, and follows it. Throws refusal (exit 7) where somebody else is at work. */
export async function changeMembers(
  io: Io,
  { federation, host, change, takeOver = false, adopt = false }: MemberChange,
  options: RunOptions,
): Promise<ExitCode> {
  const temporal = await connectTemporal(io.env);
  await assertFree(io, temporal, { federation, host, takeOver });
  const input = {
    ...('join' in change ? joining(change.join) : leaving(change.unjoin)),
    federation,
    uuid: crypto.randomUUID(),
    startedBy: whoAmI(),
    host,
    ...(takeOver ? { takeOver } : {}),
    ...(adopt ? { adopt } : {}),
  };
  const names = 'join' in change ? change.join.map(({ name }) => name) : change.unjoin;
  const done = `${names.join(', ')} ${'join' in change ? 'joined' : 'left'} ${federation}`;
  const atGoodEnd = () => Promise.resolve(io.note(done));
  return startAndFollow(io, temporal, { input, memo: { host }, atGoodEnd }, options);
}

const joining = (join: ClusterSpec[]) => ({ operation: 'join' as const, join, digest: digestOfChoices({ join }) });

/** In whatever order they are named, it is the same run. */
const leaving = (unjoin: string[]) => ({
  operation: 'unjoin' as const,
  unjoin,
  digest: digestOfChoices({ unjoin: [...unjoin].sort() }),
});
