import type { Command } from 'commander';
import type { Io } from '../io/io.ts';

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
/** Values of flags that have a few. */
const choices: Readonly<Record<string, readonly string[]>> = {
  '--output': ['table', 'json', 'yaml', 'jsonl'],
  '--volumes': ['keep', 'delete'],
  '--federated-objects': ['delete', 'orphan'],
  '--serve': ['all', 'runs', 'images'],
};
const takesContext: ReadonlySet<string> = new Set(['--context', '--cluster-context', '--host-context']);

/** What a completion is worked out from. `load` gives a command with its options. */
export interface CompletionSource {
  verbs: readonly string[];
  load: (verb: string) => Promise<Command | undefined>;
  federations: () => Promise<string[]>;
  /** Steps of the catalogue. */
  steps: () => Promise<string[]>;
  /** Members and steps of one federation's run; undefined when nobody tells in time. */
  run: (federation: string) => Promise<KnownRun | undefined>;
  /** Contexts of the kubeconfig. */
  contexts: () => Promise<string[]>;
}

/** What a shell is told of a run. */
export interface KnownRun {
  members: string[];
  steps: string[];
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
  const places = placesOf(inner, typed);
  const option = optionOf(inner, typed.at(-1));
  if (option) return valuesOf(option, places, source);
  if (inner.commands.length > 0) return inner.commands.map((sub) => sub.name());
  return argumentsOf(verb, places, source);
}

/** The value of -f and the like is the shell's own business: a file. */
async function valuesOf(option: string, places: readonly string[], source: CompletionSource): Promise<string[]> {
  if (takesContext.has(option)) return source.contexts();
  if (option === '--forget') return (await source.run(places[0] ?? ''))?.members ?? [];
  return [...(choices[option] ?? [])];
}

const flagsOf = (command: Command): string[] => [
  ...command.options.filter((option) => !option.hidden).flatMap(({ long }) => (long ? [long] : [])),
  '--help',
];

/** Long name of the option that waits for a value; undefined when the word is none. */
const optionOf = (command: Command, word: string | undefined): string | undefined =>
  command.options.find(({ required, short, long }) => required && word && [short, long].includes(word))?.long ??
  undefined;

/** Arguments typed so far, without flags and their values. */
const placesOf = (command: Command, typed: readonly string[]): string[] =>
  typed.filter((word, at) => !word.startsWith('-') && !optionOf(command, typed[at - 1]));

async function argumentsOf(verb: string, places: readonly string[], source: CompletionSource): Promise<string[]> {
  const [federation] = places;
  if (federation === undefined) return firstArgument(verb, source);
  if (verb === 'unjoin') return (await source.run(federation))?.members ?? [];
  if (!takesStep.has(verb)) return [];
  return (await source.run(federation))?.steps ?? source.steps();
}

async function firstArgument(verb: string, source: CompletionSource): Promise<string[]> {
  if (verb === 'completion') return ['bash', 'zsh', 'fish'];
  if (verb === 'explain') return source.steps();
  return takesFederation.has(verb) ? source.federations() : [];
}

/** The answer, or `none` when it does not come in time or not at all. */
async function soon<T>(ask: () => Promise<T>, none: T): Promise<T> {
  const late = new Promise<T>((resolve) => setTimeout(() => resolve(none), patienceMs));
  return Promise.race([ask().catch(() => none), late]);
}

/** Members and steps of a federation's latest run, else the members of its record. */
export const runNames = (io: Pick<Io, 'env'>, federation: string): Promise<KnownRun | undefined> =>
  soon(async () => (await ofRun(io, federation)) ?? ofRecord(io, federation), undefined);

async function ofRun(io: Pick<Io, 'env'>, federation: string): Promise<KnownRun | undefined> {
  const [{ connectTemporal }, { observeFamily }, { workflowIdOf }] = await Promise.all([
    import('../../temporal/client.ts'),
    import('./observe.ts'),
    import('../../run/input.ts'),
  ]);
  const seen = await observeFamily(await connectTemporal(io.env), workflowIdOf(federation)).catch(() => undefined);
  if (!seen?.parent.state) return undefined;
  const states = [seen.parent, ...seen.children].flatMap(({ state }) => (state ? [state] : []));
  return {
    members: Object.keys(seen.parent.state.clusters),
    steps: states.flatMap(({ steps }) => Object.keys(steps)),
  };
}

async function ofRecord(io: Pick<Io, 'env'>, federation: string): Promise<KnownRun | undefined> {
  const { openLocal } = await import('../../../worker/local.ts');
  const record = await openLocal(io.env).record();
  if (record?.federation !== federation) return undefined;
  const [{ stepIdsOf }, { distributionOf }] = await Promise.all([
    import('../../distributions/steps.ts'),
    import('../../distributions/table.ts'),
  ]);
  const members = record.members.map(({ name }) => name);
  return { members, steps: stepIdsOf(distributionOf(record.spec ?? {}), members) };
}

/** Names that Temporal knows; none when it does not answer soon. */
export const federationNames = (io: Pick<Io, 'env'>): Promise<string[]> =>
  soon(async () => {
    const [{ connectTemporal }, { listRuns }] = await Promise.all([
      import('../../temporal/client.ts'),
      import('./list-runs.ts'),
    ]);
    return (await listRuns(await connectTemporal(io.env))).map(({ federation }) => federation);
  }, []);

/** Every step of the catalogue; those of a member with `{cluster}` in place of its name. */
export async function stepNames(): Promise<string[]> {
  const { turnUpSteps } = await import('../../distributions/steps.ts');
  return Object.keys(turnUpSteps());
}
