import { formatDuration, table } from './format.ts';
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
    ...spaced(warningLines(model, view.paint ?? plain)),
    ...adviceLines(model),
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
  const forget = `  done by itself when it answers; to give it up: fedctl down ${federation} --forget ${debts[0]?.cluster ?? ''}`;
  return ['', 'debts', ...table(rows, view.columns), forget];
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
  return known.length > 0 ? ['', ...known.map(([name, value]) => `${paint('dim', name.padEnd(width))}  ${value}`)] : [];
}

function expiry(at: string, now: number): string {
  const left = Date.parse(at) - now;
  return left <= 0 ? `expired ${formatDuration(-left)} ago` : `${Math.floor(left / day)} days left`;
}

function adviceLines(model: StatusModel): string[] {
  if (model.status === 'failed' || model.status === 'cancelled') return ['', `go on from there: ${sameAgain(model)}`];
  const blocked = blockedSteps(model);
  if (blocked.length === 0) return [];
  return [
    '',
    `after the fix: fedctl retry ${model.federation}`,
    `what it does:  fedctl explain ${blocked[0]?.id ?? ''}`,
  ];
}

/** The command that resumes a run that is over. */
const sameAgain = ({ operation, federation }: StatusModel): string =>
  operation === 'down' ? `fedctl down ${federation}` : 'fedctl up -f FILE';
