import type {
  Standing,
  StandingCertificate,
  StandingComponent,
  StandingImage,
  StandingMember,
  StandingZone,
} from '../../status/standing.ts';
import { formatDuration, timeLeft, wrap } from '../io/format.ts';
import { plain } from '../io/io.ts';
import { fleetFrom, line, type View, type Word } from './progress.ts';
import type { StatusModel } from './status-model.ts';

const phaseWords: Readonly<Record<string, string>> = {
  'turning-up': 'turning up',
  up: 'up',
  'turning-down': 'turning down',
  debts: 'turned down, but for its debts',
};

/** A certificate with less left than this needs attention: `up` makes it anew. */
const renewBeforeMs = 30 * 86_400_000;

/** What stands in the clusters, as a tree: host cluster, control plane, members, DNS, certificates, last run. */
export function standingLines(model: Pick<StatusModel, 'lastRun'>, standing: Standing, view: View): string[] {
  const paint = view.paint ?? plain;
  const { federation, phase, host } = standing;
  return [
    paint('bold', `federation ${federation}: ${phaseWords[phase] ?? phase}`),
    line(view, 0, 'ready', `host cluster ${host.context}, namespace ${host.namespace}`, host.version ?? ''),
    ...componentLines(standing, view),
    ...memberLines(standing, view),
    ...zoneLines(standing.zone, view),
    ...certificateLines(standing.certificates, view),
    ...runLines(model, standing, view),
  ];
}

/** Ready, not ready, or not known. */
const wordOf = (ready: boolean | null): Word => (ready === null ? 'unknown' : ready ? 'ready' : 'blocked');
const sayReady = (ready: boolean | null): string => (ready === null ? 'not known' : ready ? 'ready' : 'not ready');

/** The word of a group: what hurts most comes first. */
const worst = (words: readonly Word[]): Word =>
  (['blocked', 'unknown'] as const).find((word) => words.includes(word)) ?? 'ready';

const detailLines = (view: View, indent: number, text: string | null): string[] =>
  wrap(text ?? '', Math.max(20, view.columns - indent)).map(
    (part) => `${' '.repeat(indent)}${(view.paint ?? plain)('dim', part)}`,
  );

function componentLines({ components, address }: Standing, view: View): string[] {
  return components.flatMap((component) => [
    line(
      view,
      2,
      wordOf(component.ready),
      `${component.name}: ${sayReady(component.ready)}`,
      (component.hasAddress && view.columns >= 80 && address) || '',
    ),
    ...(component.hasAddress && view.columns < 80 ? detailLines(view, 6, address) : []),
    ...detailLines(view, 6, component.why),
    ...imageLines(component, view),
  ]);
}

/** Images as the Deployment names them, with the digests that run: whole, else their beginning, else in two lines. */
function imageLines({ images }: StandingComponent, view: View): string[] {
  const room = view.columns - 6;
  const width = Math.max(0, ...images.map(({ container }) => container.length)) + 2;
  const whole = images.map((image) => sayImage(image, Number.POSITIVE_INFINITY));
  const short = images.map((image) => sayImage(image, 12));
  const fits = [whole, short].find((texts) => texts.every((text) => width + text.length <= room));
  return images.flatMap(({ container }, at) =>
    fits
      ? [`      ${container.padEnd(width)}${fits[at] ?? ''}`]
      : [`      ${container}`, ...wrap(short[at] ?? '', room - 2).map((part) => `        ${part}`)],
  );
}

function sayImage({ image, digest }: StandingImage, hexDigits: number): string {
  const [named = '', pinned] = image.split('@');
  const full = digest ?? pinned;
  return full ? `${named}@${full.slice(0, 'sha256:'.length + hexDigits)}` : named;
}

/** What all of a group say alike, so that it is said once; null: they do not. */
const commonOf = (whys: readonly (string | null)[]): string | null =>
  whys.length > 1 && whys.every((why) => why === whys[0]) ? (whys[0] ?? null) : null;

const memberWord = ({ ready, clusterDns }: StandingMember): Word =>
  worst([wordOf(ready), clusterDns === 'untold' ? 'blocked' : clusterDns === 'unknown' ? 'unknown' : 'ready']);

const dnsWords: Readonly<Record<StandingMember['clusterDns'], string>> = {
  told: ', cluster DNS configured',
  untold: ', cluster DNS not configured',
  unknown: ', cluster DNS not known',
  skip: '',
};

/** Of a fleet only those that need attention have lines of their own. */
function memberLines({ members }: Standing, view: View): string[] {
  const ready = members.filter((member) => member.ready === true).length;
  const words = members.map(memberWord);
  if (members.length === 0) return [line(view, 0, 'ready', 'members  none')];
  const told = members.length > fleetFrom ? members.filter((_, at) => words[at] !== 'ready') : members;
  const common = commonOf(members.map(({ why }) => why));
  return [
    line(view, 0, worst(words), `members  ${ready}/${members.length} ready`),
    ...detailLines(view, 6, common),
    ...told.flatMap((member) => oneMember(common ? { ...member, why: null } : member, view)),
  ];
}

function oneMember(member: StandingMember, view: View): string[] {
  const { name, context, ready, why, clusterDns, clusterDnsWhy } = member;
  const others = context === null ? ', registered by others' : '';
  const text = `${name}: ${sayReady(ready)}${others}${dnsWords[clusterDns]}`;
  const [head = '', ...rest] = wrap(text, Math.max(20, view.columns - 4));
  return [
    line(view, 2, memberWord(member), head),
    ...rest.map((part) => `    ${part}`),
    ...detailLines(view, 6, why),
    ...detailLines(view, 6, clusterDnsWhy && `cluster DNS: ${clusterDnsWhy}`),
  ];
}

function zoneLines(zone: StandingZone | null, view: View): string[] {
  if (!zone) return [];
  const whose = zone.stands ? (zone.made ? ', made by this federation' : ', made by others') : '';
  return [
    line(view, 0, wordOf(zone.stands), `DNS zone ${zone.name} (${zone.provider})${whose}`),
    ...detailLines(view, 6, zone.why),
    ...detailLines(view, 6, zone.nameServers.join(', ')),
  ];
}

const certificateWord = ({ expires }: StandingCertificate, now: number): Word => {
  if (!expires) return 'unknown';
  const left = Date.parse(expires) - now;
  return left <= 0 ? 'failed' : left < renewBeforeMs ? 'blocked' : 'ready';
};

function certificateLines(certificates: readonly StandingCertificate[], view: View): string[] {
  const words = certificates.map((one) => certificateWord(one, view.now));
  const common = commonOf(certificates.map(({ why }) => why));
  const head = line(view, 0, words.includes('failed') ? 'failed' : worst(words), 'certificates');
  if (common) return [head, ...detailLines(view, 6, common)];
  return [
    head,
    ...certificates.flatMap((one, at) => [
      line(view, 2, words[at] ?? 'unknown', one.secret, one.expires ? timeLeft(one.expires, view.now) : 'not known'),
      ...detailLines(view, 6, one.why),
    ]),
  ];
}

/** The run that works on it, or was the last; without Temporal, whose name the record has. */
function runLines({ lastRun }: Pick<StatusModel, 'lastRun'>, { writtenAt }: Standing, view: View): string[] {
  if (!lastRun) return [];
  const { operation, status, runId, endedAt } = lastRun;
  const since = (at: string): string => `${formatDuration(Math.max(0, view.now - Date.parse(at)))} ago`;
  const which = ['running', 'blocked', 'paused', 'rolling-back'].includes(status) ? 'run now' : 'last run';
  const told = operation
    ? `${which}: ${operation}, ${status}${endedAt ? ` ${since(endedAt)}` : ''}`
    : `last run: wrote the record ${since(writtenAt)}`;
  const word = status === 'failed' || status === 'cancelled' ? 'failed' : status === 'none' ? 'unknown' : 'ready';
  const mark = status === 'running' || status === 'rolling-back' ? 'running' : status === 'blocked' ? 'blocked' : word;
  return [line(view, 0, mark, told), ...detailLines(view, 6, runId)];
}
