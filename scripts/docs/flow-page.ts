import { phases, type PhaseId, type StepDefinition, type Timing } from '../../src/catalogue/definition.ts';
import { freezeDown, freezeUp } from '../../src/graph/freeze.ts';
import { hostSteps, memberSteps } from '../../src/distributions/federation/steps.ts';
import type { Spec } from '../../src/spec/schema.ts';
import { cell, code, generated, page, table } from './markdown.ts';

type Step = readonly [id: string, step: StepDefinition];

const about: Readonly<Partial<Record<PhaseId, string>>> = {
  preflight: 'Reads only: problems are found before anything is written.',
  images: 'With `images.build` the run builds and pushes the image; without it the images are only looked up.',
  clusters: 'One child workflow each member, `policy.parallelJoins` at a time; none stops another.',
};

/** docs/flow.md: what a run does, from the catalogue; `spec` is one that has every section. */
export function flowPage(spec: Spec): string {
  const steps: Step[] = [...Object.entries(hostSteps), ...Object.entries(memberSteps)];
  const members = freezeUp(spec).clusters?.needs ?? [];
  const used = phases.filter((phase) => steps.some(([, step]) => step.phase === phase));
  return page(
    generated('src/distributions/federation/steps.ts'),
    '# What a run does',
    'Every step is described once, in `src/distributions/federation/steps.ts`. Order and parallelism come from what a step needs, and from ' +
      'nothing else. A step that cannot go on parks: it says what it waits for, its siblings go on, and ' +
      '`fedctl retry NAME` tries again. Ids are API.',
    graph(steps, used, members),
    ...used.flatMap((phase) => [
      `## ${phase}`,
      ...(about[phase] ? [about[phase]] : []),
      ...(phase === 'clusters' ? [`The first step of each needs ${members.map(code).join(', ')}.`] : []),
      stepTable(steps.filter(([, step]) => step.phase === phase)),
    ]),
    '## Turn-down',
    'The undos run under the ids of their steps, in reverse order; the ledgers say what they remove. ' +
      'Members leave before that, by the undos of their own steps.',
    table(
      ['step', 'what it does', 'activity', 'needs'],
      freezeDown(spec, { volumes: 'delete' }).steps.map(({ id, title, activity, needs }) => [
        code(id),
        cell(title),
        code(activity),
        needs.map(code).join(', '),
      ]),
    ),
  );
}

const stepTable = (steps: readonly Step[]): string =>
  table(
    ['step', 'what it does, and why', 'needs', 'activity', 'undo', 'time', 'note'],
    steps.map(([id, step]) => [
      code(id),
      `${cell(step.title)}. ${cell(step.why)}`,
      step.needs.map(code).join(', '),
      code(step.activity),
      code(step.undo ?? ''),
      timeOf(step.timing),
      notes(step),
    ]),
  );

function timeOf(timing: Timing): string {
  if (typeof timing === 'object') return `waits \`policy.waits.${timing.wait}\``;
  return { read: 'a minute, reads', apply: 'a minute, writes', build: 'hours', turn: 'a minute, in turn with builds' }[
    timing
  ];
}

const notes = (step: StepDefinition): string =>
  [
    // The condition as it stands in the catalogue, without its parameter.
    ...(step.when ? [`only with ${code(String(step.when).replace(/^\(spec\) => /, ''))}`] : []),
    ...(step.skippable ? ['may be skipped'] : []),
    ...(step.repeat === 'fixed' ? ['fixed: `retry -f` does not run it again'] : []),
  ].join('; ');

/** A graph of the steps, a box a phase; lines run from what is needed to what needs it. */
function graph(steps: readonly Step[], used: readonly PhaseId[], members: readonly string[]): string {
  const boxes = used.flatMap((phase) => [
    `  subgraph ${node(phase)}_phase [${phase}]`,
    ...steps.filter(([, step]) => step.phase === phase).map(([id]) => `    ${node(id)}["${id}"]`),
    '  end',
  ]);
  const lines = steps.flatMap(([id, step]) =>
    needsOf(id, step, members).map((need) => `  ${node(need)} --> ${node(id)}`),
  );
  return ['```mermaid', 'flowchart LR', ...boxes, ...lines, '```'].join('\n');
}

/** `clusters` in `needs` stands for all members, so for the last step of each. */
const needsOf = (id: string, step: StepDefinition, members: readonly string[]): readonly string[] =>
  step.phase === 'clusters' && step.needs.length === 0
    ? members
    : step.needs.map((need) => (need === 'clusters' ? lastOfMember() : need)).filter((need) => need !== id);

const lastOfMember = (): string => Object.keys(memberSteps).at(-1) ?? '';

/** A name that mermaid takes for a node. */
const node = (id: string): string => id.replace(/[^a-z]+/g, '_');
