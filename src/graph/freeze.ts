import { defaultPolicy, type Spec } from '../spec/schema.ts';
import type { StepDefinition } from '../catalogue/definition.ts';
import { downSteps } from '../catalogue/down-steps.ts';
import { hostSteps } from '../catalogue/host-steps.ts';
import type { DownChoices } from '../catalogue/side-inputs.ts';
import type { StepTable } from '../distributions/distribution.ts';
import { distributionOf, type DistributionTable } from '../distributions/table.ts';
import { defaultDistribution } from '../distributions/unsaid.ts';
import {
  allClusters,
  type FactRef,
  type FrozenGraph,
  type FrozenInput,
  type FrozenQueue,
  type FrozenStep,
} from './frozen.ts';
import { assertSound } from './sound.ts';
import { freezeTiming, type FrozenTiming } from '../catalogue/timing.ts';
import { leavingTemplate } from './leaving.ts';
import { undoSteps } from './undo.ts';

/** A worker that builds asks for tasks all the time: one that takes none for so long is away. ms. */
const builderAwayMs = 120_000;

/** What decides a graph: the same options give the same graph. */
export interface FreezeOptions {
  /** ms between slow automatic attempts. @default 60000 */
  slowEveryMs?: number;
  /** ms in which the worker that has the artefacts of a build must take a task. @default 120000 */
  builderAwayMs?: number;
  /** What `spec.distribution` is looked up in. @default distributions */
  distributions?: DistributionTable | undefined;
}

/** The part of the spec a step reads, by dotted paths. Absent fields stay absent. */
export function sliceSpec(spec: Spec, paths: readonly string[]): object {
  const slice: Record<string, unknown> = {};
  for (const path of paths) copyPath(spec as Record<string, unknown>, slice, path.split('.'));
  return slice;
}

function copyPath(from: Record<string, unknown>, to: Record<string, unknown>, [key, ...rest]: string[]): void {
  if (key === undefined || from[key] === undefined) return;
  if (rest.length === 0) {
    to[key] = from[key];
    return;
  }
  to[key] ??= {};
  copyPath(from[key] as Record<string, unknown>, to[key] as Record<string, unknown>, rest);
}

/** What a step gets of the spec: a patch of one object is no change for the step that makes another. */
function readBy({ reads, patched }: StepDefinition, spec: Spec): object {
  const slice = sliceSpec(spec, reads);
  if (!patched) return slice;
  const patches = spec.patches.filter(({ kind, metadata }) => patched.includes(`${kind}/${metadata.name}`));
  return { ...slice, patches };
}

function factRef(path: string, present: ReadonlySet<string>): FactRef | undefined {
  const optional = path.endsWith('?');
  const ref = optional ? path.slice(0, -1) : path;
  const dot = ref.lastIndexOf('.');
  const from = ref.slice(0, dot);
  if (optional && !present.has(from)) return undefined;
  return { from, field: ref.slice(dot + 1), ...(optional ? { optional } : {}) };
}

function freezeQueue(queue: string, { builderAwayMs: awayMs = builderAwayMs }: FreezeOptions): FrozenQueue {
  if (queue === 'images') return 'images';
  const dot = queue.lastIndexOf('.');
  return { from: queue.slice(0, dot), field: queue.slice(dot + 1), awayMs };
}

function timingOf(step: StepDefinition, spec: Spec, { slowEveryMs }: FreezeOptions): FrozenTiming {
  const timing = freezeTiming(step.timing, spec.policy.waits);
  return slowEveryMs === undefined || timing.slowEveryMs === undefined ? timing : { ...timing, slowEveryMs };
}

function freezeStep(
  id: string,
  step: StepDefinition,
  spec: Spec,
  present: ReadonlySet<string>,
  options: FreezeOptions,
): FrozenStep {
  const facts = Object.entries(step.uses ?? {}).flatMap(([name, path]) => {
    const ref = factRef(path, present);
    return ref ? [[name, ref] as const] : [];
  });
  return {
    id,
    phase: step.phase,
    title: step.title,
    done: step.done,
    activity: step.activity,
    ...(step.queue ? { queue: freezeQueue(step.queue, options) } : {}),
    needs: step.needs.filter((need) => present.has(need)),
    input: {
      spec: readBy(step, spec),
      facts: Object.fromEntries(facts),
      ...(step.takes?.includes('record') ? { record: { spec } } : {}),
    },
    timing: timingOf(step, spec, options),
    skippable: step.skippable ?? false,
    repeat: step.repeat ?? 'repeatable',
    ...(step.inMember ? { inMember: true } : {}),
    ...(step.undo ? { undo: { activity: step.undo, ...(step.undoNeeds ? { needs: [...step.undoNeeds] } : {}) } } : {}),
  };
}

/** The steps of a catalogue that a run with this spec has, by id. */
export function chosen(catalogue: StepTable, spec: Spec): [string, StepDefinition][] {
  return Object.entries(catalogue).filter(([, step]) => step.when?.(spec) ?? true);
}

function freezeAll(
  catalogue: StepTable,
  spec: Spec,
  also: readonly string[],
  options: FreezeOptions = {},
): FrozenStep[] {
  const steps = chosen(catalogue, spec);
  const present = new Set([...steps.map(([id]) => id), ...also]);
  return steps.map(([id, step]) => freezeStep(id, step, spec, present, options));
}

/** The steps of one member, with `{cluster}` for its name. */
export const freezeTemplate = (
  spec: Spec,
  { distributions }: Pick<FreezeOptions, 'distributions'> = {},
): FrozenStep[] => freezeAll(distributionOf(spec, distributions).memberSteps, spec, []);

/** What a graph, or a run, says of its distribution: nothing where it is the one that runs without a word are of. */
export const told = ({
  distribution = defaultDistribution,
}: {
  distribution?: string | undefined;
}): { distribution?: string } => (distribution === defaultDistribution ? {} : { distribution });

/**
 * The whole of a turn-up as plain data.
 * Throws an Error naming the step when the catalogue is not sound (a cycle, a reference outside `needs`).
 */
export function freezeUp(spec: Spec, options: FreezeOptions = {}): FrozenGraph {
  const members = spec.clusters;
  const { hostSteps: steps, membersNeed } = distributionOf(spec, options.distributions);
  return assertSound({
    ...told(spec),
    steps: freezeAll(steps, spec, members.length > 0 ? [allClusters] : [], options),
    clusters:
      members.length === 0
        ? null
        : {
            needs: [...membersNeed],
            template: freezeTemplate(spec, options),
            members,
            parallel: spec.policy.parallelJoins,
          },
    blockedForMs: spec.policy.blockedFor,
    slowEveryMs: options.slowEveryMs ?? 60_000,
  });
}

const withInput = (step: FrozenStep, more: Partial<FrozenInput>): FrozenStep => ({
  ...step,
  input: { ...step.input, ...more },
});

/** The whole of a turn-down: the undos of what a turn-up with this spec makes, under the same ids. */
export function freezeDown(spec: Spec, choices: DownChoices, options: FreezeOptions = {}): FrozenGraph {
  const up = freezeUp(spec, options);
  const { beforeDown } = distributionOf(spec, options.distributions);
  const down = undoSteps(up.steps, choices);
  const template = up.clusters ? leavingTemplate(up.clusters.template, choices) : [];
  const first = freezeAll(beforeDown, spec, [], options).map((step) => withInput(step, { choices }));
  const before = first.map(({ id }) => id);
  const [sweep] = freezeAll(downSteps, spec, [], options);
  if (!sweep) throw new Error('a turn-down without a sweep');
  const membersDone = up.clusters ? [allClusters] : before;
  const last = {
    ...withInput(sweep, {
      choices,
      spec,
      facts: { ledgers: { from: 'host/record', field: 'ledgers', optional: true } },
    }),
    needs: down.map((step) => step.id),
  };
  return assertSound({
    ...told(spec),
    steps: [...first, ...down.map((step) => ({ ...step, needs: [...new Set([...step.needs, ...membersDone])] })), last],
    clusters: up.clusters && { ...up.clusters, needs: before, template, leaves: true },
    blockedForMs: up.blockedForMs,
    slowEveryMs: up.slowEveryMs,
  });
}

/**
 * What a turn-down has left to do where the record went and its run ended before the namespace did. There is no spec any
 * more, and nothing to read from one; `distribution` is what the run says of itself.
 */
export function freezeRest(
  choices: DownChoices,
  options: FreezeOptions & { distribution?: string | undefined } = {},
): FrozenGraph {
  const id = 'host/namespace';
  const { phase, title, done, activity, undo = '', timing } = hostSteps[id];
  const step: FrozenStep = {
    id,
    phase,
    title,
    done,
    activity,
    needs: [],
    input: { spec: {}, facts: {} },
    timing: freezeTiming(timing, defaultPolicy.waits),
    skippable: false,
    repeat: 'repeatable',
    undo: { activity: undo },
  };
  return assertSound({
    ...told(options),
    steps: undoSteps([step], choices),
    clusters: null,
    blockedForMs: defaultPolicy.blockedFor,
    slowEveryMs: options.slowEveryMs ?? 60_000,
  });
}
