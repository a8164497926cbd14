import { patched, upsertSearchAttributes } from '@temporalio/workflow';
import { blockedOf, hasEnded } from '../src/run/schedule.ts';
import { searchAttributes } from '../src/run/search-attributes.ts';
import type { ClusterStatus, RunState, StepStatus } from '../src/run/state.ts';

/** What the attributes say of a run. */
export interface Shown {
  status: string;
  /** The phase at work; `done` once the run completed, and where it stopped when it came to another end. */
  phase: string | null;
  blockedStep: string | null;
}

/** The phase of what is blocked, else of what is at work; undefined between two steps. */
function phaseOf({ steps, clusters, status }: RunState): string | undefined {
  if (status === 'completed') return 'done';
  const step = (is: StepStatus): string | undefined => Object.values(steps).find((own) => own.status === is)?.phase;
  const member = (is: ClusterStatus): string | undefined =>
    Object.values(clusters).some((cluster) => cluster.status === is) ? 'clusters' : undefined;
  const now = step('blocked') ?? member('blocked') ?? step('running') ?? member('joining');
  return now ?? (status === 'failed' ? (step('failed') ?? member('failed')) : undefined);
}

const same = (one: Shown, other: Shown): boolean =>
  one.status === other.status && one.phase === other.phase && one.blockedStep === other.blockedStep;

/**
 * Writes the search attributes when they differ from what was written last: each write is an event in history.
 * Returns what stands there now.
 */
export function mirrorState(written: Shown, before: RunState, after: RunState): Shown {
  const { status } = after;
  const blockedStep = hasEnded(after) ? null : (blockedOf(after)[0] ?? null);
  const next = { status, phase: phaseOf(after) ?? written.phase, blockedStep };
  const differs = !same(next, written);
  const write = differs === wroteBefore(before, after) || patched('attributes-when-they-differ') ? differs : !differs;
  if (!write) return written;
  upsertSearchAttributes([
    { key: searchAttributes.status, value: next.status },
    { key: searchAttributes.phase, value: next.phase },
    { key: searchAttributes.blockedStep, value: next.blockedStep },
  ]);
  return next;
}

/**
 * Whether a run that began without the patch wrote them here: it looked at its own steps only, and wrote them again
 * after every moment without a step at work.
 */
function wroteBefore(before: RunState, after: RunState): boolean {
  const ownPhase = ({ steps }: RunState): string => {
    const own = Object.values(steps);
    const now = own.find(({ status }) => status === 'blocked') ?? own.find(({ status }) => status === 'running');
    return now?.phase ?? '';
  };
  const [was, is] = [before, after].map((state) => ({
    status: state.status,
    phase: ownPhase(state),
    blockedStep: blockedOf(state)[0] ?? null,
  })) as [Shown, Shown];
  return !same({ ...is, phase: is.phase || was.phase }, was);
}
