import { docsOf } from './explain-model.ts';
import { cut, elapsed, formatDuration, table, wrap } from '../io/format.ts';
import { plain, type Paint, type Style } from '../io/io.ts';
import {
  allSteps,
  isLeaving,
  type PhaseStatus,
  type StatusCluster,
  type StatusModel,
  type StatusPhase,
  type StatusStep,
} from './status-model.ts';

/** What the tree is drawn for. */
export interface View {
  columns: number;
  /** Lines there are; finished phases fold first, then what waits its turn. @default no limit */
  rows?: number;
  /** ms since 1970. */
  now: number;
  paint?: Paint;
}

export type Word = StatusStep['status'] | PhaseStatus | StatusCluster['status'] | 'unjoining' | 'unknown';
/** Symbol and colour of a status. Symbols differ from each other without colours too. */
const marks: Record<Word, readonly [string, Style]> = {
  pending: ['·', 'dim'],
  running: ['▸', 'cyan'],
  joining: ['▸', 'cyan'],
  unjoining: ['▸', 'cyan'],
  blocked: ['!', 'yellow'],
  done: ['✓', 'green'],
  kept: ['✓', 'green'],
  ready: ['✓', 'green'],
  skipped: ['-', 'dim'],
  undone: ['✓', 'green'],
  unjoined: ['✓', 'green'],
  failed: ['✗', 'red'],
  unknown: ['?', 'yellow'],
};
const over: ReadonlySet<Word> = new Set(['done', 'kept', 'skipped', 'undone', 'failed', 'ready', 'unjoined']);
const passed = (step: StatusStep): boolean => over.has(step.status) && step.status !== 'failed';
const shown: ReadonlySet<Word> = new Set(['running', 'joining', 'blocked', 'failed']);

/** One line: mark, text, and what stands at the right edge; never wider than the terminal. */
export function line(view: View, indent: number, word: Word, label: string, right = ''): string {
  const paint = view.paint ?? plain;
  const [symbol, style] = marks[word];
  const room = Math.max(8, view.columns - indent - 2 - (right ? right.length + 2 : 0));
  const body = cut(label, room);
  const gap = right ? ' '.repeat(Math.max(2, view.columns - indent - 2 - [...body].length - right.length)) : '';
  const text = word === 'pending' || word === 'skipped' ? paint('dim', body) : body;
  return `${' '.repeat(indent)}${paint(style, symbol)} ${text}${gap}${paint('dim', right)}`;
}

/** The first and last moment of some steps. */
function span(steps: readonly StatusStep[], now: number): string {
  const starts = steps.flatMap((step) => (step.startedAt ? [Date.parse(step.startedAt)] : []));
  if (starts.length === 0) return '';
  const open = steps.some((step) => step.startedAt && !step.finishedAt);
  const ends = steps.flatMap((step) => (step.finishedAt ? [Date.parse(step.finishedAt)] : []));
  return formatDuration((open ? now : Math.max(...ends)) - Math.min(...starts));
}

/** Why a step waits, and how to fix it when it is blocked. */
function reasonLines(view: View, indent: number, step: StatusStep): string[] {
  const paint = view.paint ?? plain;
  const width = Math.max(20, view.columns - indent);
  const pad = ' '.repeat(indent);
  if (step.error && step.status !== 'running') {
    const what = wrap(`${step.id}: ${step.error.message} (${step.error.code})`, width).map(
      (text) => pad + paint('yellow', text),
    );
    const fix = step.error.fix.flatMap((way, index) =>
      wrap(`${index === 0 ? 'fix: ' : '  or '}${way}`, width).map((text) => pad + text),
    );
    const next = step.nextAttemptAt
      ? [`${pad}${paint('dim', `retries in ${until(step.nextAttemptAt, view.now)}`)}`]
      : [];
    const docs = docsOf(step.error.code);
    const see = docs ? wrap(`see: ${docs}`, width).map((text) => pad + paint('dim', text)) : [];
    return [...what, ...fix, ...see, ...next];
  }
  const detail = step.detail?.split('\n').filter((text) => text !== '') ?? [];
  return detail.map((text) => pad + paint('dim', cut(text, width)));
}

const until = (at: string, now: number): string => formatDuration(Date.parse(at) - now);

function stepLines(view: View, indent: number, step: StatusStep): string[] {
  const attempt = step.attempt > 1 ? `attempt ${step.attempt}, ` : '';
  const right = `${attempt}${elapsed(step.startedAt, step.finishedAt, view.now)}`;
  const label =
    step.status === 'blocked' || step.status === 'failed'
      ? `${step.title}: ${step.status}`
      : passed(step)
        ? step.done
        : step.title;
  const kept = step.status === 'kept' ? ' (kept)' : step.status === 'skipped' ? ' (skipped)' : '';
  const own = line(view, indent, step.status, label + kept, right);
  return shown.has(step.status) ? [own, ...reasonLines(view, indent + 4, step)] : [own];
}

const count = (steps: readonly StatusStep[]): string => {
  const kept = steps.filter((step) => step.status === 'kept').length;
  if (kept === steps.length) return `${steps.length} kept`;
  return `${steps.filter(passed).length}/${steps.length}${kept > 0 ? `, ${kept} kept` : ''}`;
};

/** Mark and word of a member; one that leaves is `ready` until its run has begun, `unjoining` while it works. */
function clusterWords({ status, steps }: StatusCluster, leaving: boolean): [Word, Word] {
  if (!leaving || status !== 'ready') return [status, status];
  return steps.some((step) => step.startedAt !== null) ? ['unjoining', 'unjoining'] : ['pending', 'ready'];
}

function clusterLines(view: View, cluster: StatusCluster, leaving: boolean): string[] {
  const steps = cluster.steps.filter((step) => shown.has(step.status)).flatMap((step) => stepLines(view, 4, step));
  const [mark, word] = clusterWords(cluster, leaving);
  return [line(view, 2, mark, `${cluster.name}: ${word}`, span(cluster.steps, view.now)), ...steps];
}

/** More members than this are a fleet: a bar for all, and lines only for those that need attention. */
export const fleetFrom = 10;
/** Members of a fleet that work are named up to this number. */
const workersNamed = 3;

/** Members that are not what they should be come first: a terminal shows the top. */
function fleetLines(view: View, members: readonly StatusCluster[], leaving: boolean): string[] {
  const of = (...wanted: Word[]): StatusCluster[] =>
    members.filter((member) => wanted.includes(clusterWords(member, leaving)[0]));
  const ended = of(leaving ? 'unjoined' : 'ready').length;
  const [ill, works] = [of('blocked', 'failed'), of('joining', 'unjoining')];
  const words = [
    ...(['blocked', 'failed'] as const).map((word) => [of(word).length, word] as const),
    [works.length, leaving ? 'unjoining' : 'joining'] as const,
    [of('pending').length, 'pending'] as const,
  ].flatMap(([many, word]) => (many > 0 ? [`${many} ${word}`] : []));
  const tally = `${ended}/${members.length} ${leaving ? 'unjoined' : 'ready'}`;
  const more = works.length - workersNamed;
  return [
    ...barLines(view, ended / members.length, [tally, ...words].join(', ')),
    ...[...ill, ...works.slice(0, workersNamed)].flatMap((member) => clusterLines(view, member, leaving)),
    ...(more > 0 ? [`  ${(view.paint ?? plain)('dim', `and ${more} more that work`)}`] : []),
  ];
}

/** `[####----] text`; on a narrow terminal the text has a line of its own. */
function barLines(view: View, part: number, text: string): string[] {
  const paint = view.paint ?? plain;
  const beside = view.columns - 2 - text.length - 3;
  const width = Math.max(8, Math.min(40, beside >= 8 ? beside : view.columns - 4));
  const filled = Math.floor(part * width);
  const bar = `[${paint('green', '#'.repeat(filled))}${paint('dim', '-'.repeat(width - filled))}]`;
  return beside >= 8 ? [`  ${bar} ${text}`] : [`  ${bar}`, ...wrap(text, view.columns - 2).map((part) => `  ${part}`)];
}

/** How much of an unfinished phase is drawn: all its steps, or only what moves. */
type Detail = 'all' | 'moving';

function phaseLines(view: View, phase: StatusPhase, model: StatusModel, detail: Detail): string[] {
  const members = phase.id === 'clusters' ? model.clusters : [];
  const leaving = isLeaving(model.operation);
  const steps = members.length > 0 ? members.flatMap((member) => member.steps) : phase.steps;
  const ready = members.filter((member) => member.status === (leaving ? 'unjoined' : 'ready')).length;
  const tally = members.length > 0 ? `${ready}/${members.length}` : count(steps);
  const head = line(view, 0, phase.status, `${phase.id}  ${tally}`, span(steps, view.now));
  if (phase.status === 'done' || phase.status === 'pending') return [head];
  const visible = phase.steps.filter((step) => detail === 'all' || shown.has(step.status));
  const fleet = members.length > fleetFrom ? fleetLines(view, members, leaving) : undefined;
  return [
    head,
    ...visible.flatMap((step) => stepLines(view, 2, step)),
    ...(fleet ?? members.flatMap((member) => clusterLines(view, member, leaving))),
  ];
}

const headline = (model: StatusModel, view: View): string => {
  const paint = view.paint ?? plain;
  const started =
    allSteps(model)
      .flatMap((step) => (step.startedAt ? [step.startedAt] : []))
      .sort()[0] ?? null;
  const time = elapsed(started, null, view.now);
  const state = `${model.operation ?? 'federation'} ${model.federation}: ${model.status}`;
  return `${paint('bold', cut(state, view.columns - 10))}${model.status === 'running' && time ? `  ${paint('dim', time)}` : ''}`;
};

/** What is still owed in members that did not answer. */
export function debtLines({ federation, debts }: Pick<StatusModel, 'federation' | 'debts'>, view: View): string[] {
  if (debts.length === 0) return [];
  const rows = debts.map(({ cluster, since, objects }) => [
    cluster,
    `${objects} ${objects === 1 ? 'object' : 'objects'} to clean up`,
    `for ${formatDuration(Math.max(0, view.now - Date.parse(since)))}`,
  ]);
  const forget = `cleaned up when it can be reached; to give it up: fedctl down ${federation} --forget ${debts[0]?.cluster ?? ''}`;
  return ['', 'debts', ...table(rows, view.columns), ...wrap(forget, view.columns - 2).map((part) => `  ${part}`)];
}

/**
 * The tree of a run, and what members owe, as lines no wider than `view.columns` and, where `view.rows` is given, no more than that many.
 * Pure: the same picture gives the same lines.
 */
export function render(model: StatusModel, view: View): string[] {
  const draw = (detail: Detail): string[] => [
    headline(model, view),
    ...model.phases.flatMap((phase) => phaseLines(view, phase, model, detail)),
  ];
  const owed = debtLines(model, view);
  const rows = (view.rows ?? Number.POSITIVE_INFINITY) - owed.length;
  const full = draw('all');
  const lines = full.length <= rows ? full : draw('moving');
  if (lines.length <= rows) return [...lines, ...owed];
  return [
    ...lines.slice(0, rows - 1),
    (view.paint ?? plain)('dim', `… ${lines.length - rows + 1} more lines`),
    ...owed,
  ];
}
