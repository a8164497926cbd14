import type { Command } from 'commander';
import type { Io } from './io.ts';

/** ms that a shell may be kept waiting for names; after that it gets none. */
const patienceMs = 800;

/** Commands whose first argument is a federation, and those whose second one is a step. */
const takesFederation: ReadonlySet<string> = new Set([
  'status',
  'retry',
  'skip',
  'pause',
  'resume',
  'cancel',
  'down',
  'join',
  'unjoin',
  'objects',
  'logs',
  'kubeconfig',
]);
const takesStep: ReadonlySet<string> = new Set(['retry', 'skip', 'logs']);

/** What a completion is worked out from. `load` gives a command with its options. */
export interface CompletionSource {
  verbs: readonly string[];
  load: (verb: string) => Promise<Command | undefined>;
  federations: () => Promise<string[]>;
  steps: () => Promise<string[]>;
}

/**
 * Candidates for the last of `words` (what is typed so far, '' for nothing), without `fedctl` itself. Never throws:
 * a shell shows whatever is printed in the middle of the line.
 */
export async function candidates(words: readonly string[], source: CompletionSource): Promise<string[]> {
  const current = words.at(-1) ?? '';
  try {
    return (await all(words, current, source)).filter((word) => word.startsWith(current)).sort();
  } catch {
    return [];
  }
}

async function all(words: readonly string[], current: string, source: CompletionSource): Promise<string[]> {
  const [verb = ''] = words;
  if (words.length <= 1) return [...source.verbs, '--help', '--version'];
  const command = await source.load(verb);
  if (!command) return [];
  const typed = words.slice(1, -1);
  const inner = command.commands.find((sub) => typed.includes(sub.name())) ?? command;
  if (current.startsWith('-')) return flagsOf(inner);
  // The value of -f and the like is the shell's own business: a file.
  if (needsValue(inner, typed.at(-1))) return [];
  if (inner.commands.length > 0) return inner.commands.map((sub) => sub.name());
  return argumentsOf(verb, placesOf(inner, typed), source);
}

const flagsOf = (command: Command): string[] => [
  ...command.options.filter((option) => !option.hidden).flatMap(({ long }) => (long ? [long] : [])),
  '--help',
];

const needsValue = (command: Command, word: string | undefined): boolean =>
  word !== undefined &&
  command.options.some((option) => option.required && (option.short === word || option.long === word));

/** Arguments typed so far, without flags and their values. */
const placesOf = (command: Command, typed: readonly string[]): number =>
  typed.filter((word, at) => !word.startsWith('-') && !needsValue(command, typed[at - 1])).length;

async function argumentsOf(verb: string, place: number, source: CompletionSource): Promise<string[]> {
  if (verb === 'completion') return place === 0 ? ['bash', 'zsh', 'fish'] : [];
  if (verb === 'explain') return place === 0 ? source.steps() : [];
  if (place === 0 && takesFederation.has(verb)) return source.federations();
  return place >= 1 && takesStep.has(verb) ? source.steps() : [];
}

/** Names that Temporal knows; none when it does not answer soon. */
export async function federationNames(io: Pick<Io, 'env'>): Promise<string[]> {
  const asked = (async () => {
    const [{ connectTemporal }, { listRuns }] = await Promise.all([import('./client.ts'), import('./list-runs.ts')]);
    return (await listRuns(await connectTemporal(io.env))).map(({ federation }) => federation);
  })().catch(() => []);
  const late = new Promise<string[]>((resolve) => setTimeout(() => resolve([]), patienceMs));
  return Promise.race([asked, late]);
}

/** Every step of the catalogue; those of a member with `{cluster}` in place of its name. */
export async function stepNames(): Promise<string[]> {
  const { clusterSteps, hostSteps } = await import('../plan/steps.ts');
  return [...Object.keys(hostSteps), ...Object.keys(clusterSteps)];
}
