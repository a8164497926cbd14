import { phases } from '../catalogue/definition.ts';
import { fixOfError } from '../distributions/fix.ts';
import { pageOf } from '../errors/codes.ts';
import { blockedOf, clusterEndings, hasEnded } from './schedule.ts';
import type { Block, ClusterState, ClusterStatus, RunState, StepState } from './state.ts';

const mark: Record<StepState['status'], string> = {
  pending: '·',
  running: '▶',
  blocked: '❚❚ blocked',
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

/** `2026-11-26T12:09:00.123Z` as people read it. */
const time = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

/** Names that one cell shows of many. */
const namesInCell = 5;

/** The phase of the members, whose steps are in runs of their own. */
function membersRow(state: RunState): string {
  const members = Object.values(state.clusters);
  const named = (status: ClusterStatus, word: string): string[] => {
    const names = members.filter((member) => member.status === status).map(({ name }) => name);
    const more = names.length > namesInCell ? ` and ${names.length - namesInCell} more` : '';
    return names.length > 0 ? [`${word} ${names.slice(0, namesInCell).join(', ')}${more}`] : [];
  };
  const over = members.filter(({ status }) => clusterEndings.has(status)).length;
  const now = [...named('blocked', mark.blocked), ...named('failed', mark.failed), ...named('joining', mark.running)];
  return `| clusters | ${over} of ${members.length} | ${now.join('<br>') || (over === members.length ? '✔' : '·')} |`;
}

/** Members by what people look for first. */
const order: readonly ClusterStatus[] = ['blocked', 'failed', 'joining', 'pending', 'ready', 'unjoined'];
const byUrgency = (one: ClusterState, other: ClusterState): number =>
  order.indexOf(one.status) - order.indexOf(other.status);

/** What a step waits for, since when, and how to fix it. */
function blockLines({ id, error, blockedSince, nextAttemptAt }: Block, open: boolean): string[] {
  const { code = '', message = '', data = {} } = error ?? {};
  const page = pageOf(code);
  return [
    `\n**${id}** (${code})${blockedSince ? ` since ${time(blockedSince)}` : ''}: ${cell(message)}\n`,
    ...fixOfError({ code, data }).map((way) => `- ${cell(way)}`),
    ...(open && nextAttemptAt ? [`- or wait: it is retried automatically, first at ${time(nextAttemptAt)}`] : []),
    ...(page ? [`- more: \`${page}\``] : []),
  ];
}

/** Members that are told of at length; of the others their own runs tell. */
const membersAtLength = 5;

/** Everything that waits, why, and the way on: of the run's own steps, and of its members'. */
function reasons(state: RunState): string[] {
  const { steps, clusters } = state;
  const own = Object.values(steps).filter(({ status }) => status === 'blocked' || status === 'failed');
  const members = Object.values(clusters).flatMap(({ block }) => (block ? [block] : []));
  const more = members.length - membersAtLength;
  return [
    ...[...own, ...members.slice(0, membersAtLength)].flatMap((block) => blockLines(block, !hasEnded(state))),
    ...(more > 0 ? [`\nand ${more} more members: their own runs say why`] : []),
  ];
}

function headline(state: RunState): string[] {
  const { operation, federation, member, status, blockedSince } = state;
  const waits = blockedOf(state);
  const since = blockedSince && status === 'blocked' ? ` since ${time(blockedSince)}` : '';
  const way = hasEnded(state)
    ? `It was blocked at ${waits.join(', ')} when it ended.`
    : `Blocked at ${waits.join(', ')}. After the fix: Update \`retry\`.`;
  return [
    `**${operation} ${federation}${member ? ` · ${member}` : ''}: ${status}**${since}`,
    ...(waits.length > 0 ? [`\n${way}`] : []),
  ];
}

/** The Web UI shows Markdown in a frame that is a line too low for it: the line that is cut off is an empty one. */
export const framed = (markdown: string): string => `${markdown}\n\n\u00a0`;

/** The run as Markdown, for the current details in the Temporal UI: what blocks, then phases and members. */
export function renderDetails(state: RunState): string {
  const rows = phases.flatMap((phase) => {
    const own = Object.values(state.steps).filter((step) => step.phase === phase);
    if (own.length > 0) return [phaseRow(phase, own)];
    return phase === 'clusters' && Object.keys(state.clusters).length > 0 ? [membersRow(state)] : [];
  });
  const members = Object.values(state.clusters)
    .toSorted(byUrgency)
    .map((cluster) => `| ${cluster.name} | ${memberWord(state, cluster)} | ${cluster.blockedStep ?? ''} |`);
  const parts = [
    ...headline(state),
    ...reasons(state),
    '\n| phase | done | now |\n| --- | --- | --- |',
    ...rows,
    ...(members.length > 0 ? ['\n| member | status | blocked at |\n| --- | --- | --- |', ...members] : []),
  ];
  return framed(parts.join('\n'));
}
