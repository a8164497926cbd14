import { phases } from '../plan/definition.ts';
import { fixOf, pageOf } from '../errors.ts';
import { blockedOf } from './schedule.ts';
import type { ClusterState, RunState, StepState } from './state.ts';

const mark: Record<StepState['status'], string> = {
  pending: '·',
  running: '▶',
  blocked: '⏸ blocked',
  done: '✔',
  kept: '✔ kept',
  skipped: 'skipped',
  undone: '✔ undone',
  failed: '✖ failed',
};

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 300);

/** A member that works in a turn-down leaves; the state has one word for both ways. */
const memberWord = ({ operation }: RunState, { status }: ClusterState): string =>
  status === 'joining' && operation !== 'up' && operation !== 'join' ? 'unjoining' : status;

function phaseRow(phase: string, steps: StepState[]): string {
  const over = steps.filter((step) => !['pending', 'running', 'blocked'].includes(step.status)).length;
  const now = steps.filter((step) => ['running', 'blocked', 'failed'].includes(step.status));
  const text = now.map((step) => `${mark[step.status]} ${step.id}`).join('<br>');
  return `| ${phase} | ${over} of ${steps.length} | ${cell(text) || (over === steps.length ? '✔' : '·')} |`;
}

/** What a step waits for, until when, and how to mend it. */
function blockedLines({ id, error, blockedSince, nextAttemptAt }: StepState): string[] {
  const { code = '', message = '', data = {} } = error ?? {};
  const page = pageOf(code);
  return [
    `\n**${id}** (${code}) since ${blockedSince ?? ''}: ${cell(message)}\n`,
    ...fixOf(code, data).map((way) => `- ${cell(way)}`),
    ...(nextAttemptAt ? [`- or wait: it looks again by itself, the first time at ${nextAttemptAt}`] : []),
    ...(page ? [`- more: \`${page}\``] : []),
  ];
}

/** The run as Markdown, for the current details in the Temporal UI: phases, members, and what blocks. */
export function renderDetails(state: RunState): string {
  const steps = Object.values(state.steps);
  const rows = phases.flatMap((phase) => {
    const own = steps.filter((step) => step.phase === phase);
    return own.length > 0 ? [phaseRow(phase, own)] : [];
  });
  const members = Object.values(state.clusters).map(
    (cluster) => `| ${cluster.name} | ${memberWord(state, cluster)} | ${cluster.blockedStep ?? ''} |`,
  );
  const blocked = steps.filter((step) => step.status === 'blocked' || step.status === 'failed');
  return [
    `**${state.operation} ${state.federation}${state.member ? ` · ${state.member}` : ''}: ${state.status}**` +
      (state.blockedSince ? ` since ${state.blockedSince}` : ''),
    ...(blockedOf(state).length > 0
      ? [`Waits at ${blockedOf(state).join(', ')}. After the fix: Update \`retry\`.`]
      : []),
    '',
    '| phase | done | now |\n| --- | --- | --- |\n' + rows.join('\n'),
    ...(members.length > 0 ? ['', '| member | status | blocked at |\n| --- | --- | --- |\n' + members.join('\n')] : []),
    ...blocked.flatMap(blockedLines),
  ].join('\n');
}
