import { formatDuration, table, wrap } from './format.ts';
import { plain } from './io.ts';
import { render, type View } from './progress.ts';
import { blockedSteps, type StatusModel } from './status-model.ts';
import { warningLines } from './warnings.ts';

const day = 86_400_000;

/** The result of `fedctl status` for people: the tree, then what the federation gives its users. */
export function statusLines(model: StatusModel, view: View): string[] {
  return [
    ...render(model, view),
    ...memberLines(model, view),
    ...debtLines(model, view),
    ...outputLines(model, view),
    ...spaced(warningLines(model, view.paint ?? plain, view.columns)),
    ...adviceLines(model, view),
  ];
}

const spaced = (lines: string[]): string[] => (lines.length > 0 ? ['', ...lines] : []);

/** Members, when their phase is folded or not known. */
function memberLines(model: StatusModel, view: View): string[] {
  const folded = !model.phases.some(
    (phase) => phase.id === 'clusters' && phase.status !== 'done' && phase.status !== 'pending',
  );
  if (!folded || model.clusters.length === 0) return [];
  return [
    '',
    ...table(
      model.clusters.map((cluster) => [cluster.name, cluster.status]),
      view.columns,
    ),
  ];
}

/** What is still owed in members that did not answer. */
function debtLines({ federation, debts }: StatusModel, view: View): string[] {
  if (debts.length === 0) return [];
  const rows = debts.map(({ cluster, since, objects }) => [
    cluster,
    `${objects} ${objects === 1 ? 'object' : 'objects'} to clean up`,
    `for ${formatDuration(Math.max(0, view.now - Date.parse(since)))}`,
  ]);
  const forget = `done by itself when it answers; to give it up: fedctl down ${federation} --forget ${debts[0]?.cluster ?? ''}`;
  return ['', 'debts', ...table(rows, view.columns), ...wrap(forget, view.columns - 2).map((part) => `  ${part}`)];
}

function outputLines(model: StatusModel, view: View): string[] {
  const { apiserverAddress, context, zone, nameServers, images, certificateExpiry } = model.outputs;
  const rows: [string, string | null][] = [
    ['address', apiserverAddress],
    ['context', context],
    ['zone', zone && (nameServers.length > 0 ? `${zone} (${nameServers.join(', ')})` : zone)],
    ...Object.entries(images).map(([name, image]): [string, string] => [name, image]),
    ['certificates', certificateExpiry && expiry(certificateExpiry, view.now)],
    ['uuid', model.uuid || null],
    ['known from', model.source === 'record' ? 'the record in the host cluster (no run answered)' : null],
  ];
  const paint = view.paint ?? plain;
  const known = rows.filter((row): row is [string, string] => row[1] !== null);
  const width = Math.max(0, ...known.map(([name]) => name.length));
  const lines = known.flatMap(([name, value]) =>
    wrap(value, Math.max(20, view.columns - width - 2)).map(
      (part, at) => `${paint('dim', (at === 0 ? name : '').padEnd(width))}  ${part}`,
    ),
  );
  return known.length > 0 ? ['', ...lines] : [];
}

function expiry(at: string, now: number): string {
  const left = Date.parse(at) - now;
  return left <= 0 ? `expired ${formatDuration(-left)} ago` : `${Math.floor(left / day)} days left`;
}

function adviceLines(model: StatusModel, view: View): string[] {
  if (model.status === 'failed' || model.status === 'cancelled')
    return ['', ...advice('go on from there:', sameAgain(model), view)];
  const blocked = blockedSteps(model);
  if (blocked.length === 0) return [];
  return [
    '',
    ...advice('after the fix:', `fedctl retry ${model.federation}`, view),
    ...advice('what it does: ', `fedctl explain ${blocked[0]?.id ?? ''}`, view),
  ];
}

/** A command is never broken, so that it can be copied: on a narrow terminal it has a line of its own. */
const advice = (label: string, command: string, { columns }: View): string[] =>
  label.length + 1 + command.length <= columns ? [`${label} ${command}`] : [label.trimEnd(), `  ${command}`];

/** The command that resumes a run that is over. */
const sameAgain = ({ operation, federation }: StatusModel): string =>
  operation === 'down' ? `fedctl down ${federation}` : 'fedctl up -f FILE';
