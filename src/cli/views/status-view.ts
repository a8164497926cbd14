import { table, timeLeft, wrap } from '../io/format.ts';
import { plain } from '../io/io.ts';
import { render, type View } from './progress.ts';
import { standingLines } from './standing-view.ts';
import { blockedSteps, type StatusModel } from './status-model.ts';
import { warningLines } from './warnings.ts';

/**
 * The result of `fedctl status` for people: what stands, the run that works on it or was the last, and what the
 * federation gives its users.
 */
export function statusLines(model: StatusModel, view: View): string[] {
  const stands = model.standing ? [...standingLines(model, model.standing, view), ''] : [];
  return [
    ...stands,
    ...render(model, view),
    ...memberLines(model, view),
    ...outputLines(model, view),
    ...spaced(warningLines(model, view.paint ?? plain, view.columns)),
    ...adviceLines(model, view),
  ];
}

const spaced = (lines: string[]): string[] => (lines.length > 0 ? ['', ...lines] : []);

/** Members, when their phase is folded or not known, and nothing else tells of them. */
function memberLines(model: StatusModel, view: View): string[] {
  if (model.standing) return [];
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

/** Rows that no cluster tells of. */
const own: ReadonlySet<string> = new Set(['context', 'uuid', 'known from']);

function outputLines(model: StatusModel, view: View): string[] {
  const { apiserverAddress, context, zone, nameServers, images, certificateExpiry } = model.outputs;
  const rows: [string, string | null][] = [
    ['address', apiserverAddress],
    ['context', context],
    ['zone', zone && (nameServers.length > 0 ? `${zone} (${nameServers.join(', ')})` : zone)],
    ...Object.entries(images).map(([name, image]): [string, string] => [name, image]),
    ['certificates', certificateExpiry && timeLeft(certificateExpiry, view.now)],
    ['uuid', model.uuid || null],
    ['known from', model.source === 'record' ? 'the record in the host cluster (no run answered)' : null],
  ];
  const paint = view.paint ?? plain;
  // What stands has told the rest, as it is and not as a run left it.
  const untold = ([name]: (typeof rows)[number]): boolean => !model.standing || own.has(name);
  const known = rows.filter(untold).filter((row): row is [string, string] => row[1] !== null);
  const width = Math.max(0, ...known.map(([name]) => name.length));
  const lines = known.flatMap(([name, value]) =>
    wrap(value, Math.max(20, view.columns - width - 2)).map(
      (part, at) => `${paint('dim', (at === 0 ? name : '').padEnd(width))}  ${part}`,
    ),
  );
  return known.length > 0 ? ['', ...lines] : [];
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
