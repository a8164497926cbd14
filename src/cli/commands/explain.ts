import { errorCodes } from '../../errors/codes.ts';
import type { StepDefinition } from '../../catalogue/definition.ts';
import { action, examples, parseOutput, type Configure, type Output } from '../io/command.ts';
import { nearest } from '../../spec/nearest.ts';
import { printDocument } from '../io/document.ts';
import { usageError, type CliError } from '../io/exit.ts';
import { allDefinitions as catalogue, codeDocument, codeLines, codeOf } from '../views/explain-model.ts';
import { table, wrap } from '../io/format.ts';

/** `fedctl explain`: what the catalogue says of a step, or the errors' table of a code; or the list of steps. */
export const configureExplain: Configure = (command, cli) => {
  command
    .argument('[step]', 'id of a step, as status shows it, or code of an error')
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText('after', examples(['fedctl explain', 'fedctl explain apiserver/address', 'fedctl explain NO_ADDRESS']))
    .action(
      action(cli, async (step: string | undefined, options: { output: Output }) => {
        const { io } = cli;
        if (step === undefined) {
          const rows = Object.entries(catalogue).map(([id, { phase, title }]) => ({ id, phase, title }));
          return printDocument(io, options.output, rows, () =>
            table(
              rows.map(({ id, title }) => [id, title]),
              io.size().columns,
            ),
          );
        }
        const code = codeOf(step);
        if (code)
          return printDocument(io, options.output, codeDocument(code), () => codeLines(code, io.size().columns));
        const id = templateId(step);
        const definition = catalogue[id];
        if (!definition) throw unknownStep(step);
        return printDocument(io, options.output, document(id, definition), () =>
          lines(id, definition, io.size().columns),
        );
      }),
    );
};

function unknownStep(step: string): CliError {
  const codes = step === step.toUpperCase() ? Object.keys(errorCodes) : [];
  const meant = nearest(templateId(step), codes.length > 0 ? codes : Object.keys(catalogue));
  return usageError(`there is no ${codes.length > 0 ? 'error code' : 'step'} ${step}`, [
    ...(meant ? [`did you mean ${meant}?`] : []),
    'see all: fedctl explain',
  ]);
}

/** A member's step by the id of its template. */
const templateId = (step: string): string =>
  catalogue[step] ? step : step.replace(/^clusters\/[^/]+\//, 'clusters/{cluster}/');

function document(id: string, { when: _when, ...step }: StepDefinition): object {
  return { id, ...step, skippable: step.skippable ?? false, repeat: step.repeat ?? 'repeatable' };
}

function lines(id: string, step: StepDefinition, columns: number): string[] {
  const neededBy = Object.entries(catalogue).flatMap(([other, { needs }]) => (needs.includes(id) ? [other] : []));
  const wait = typeof step.timing === 'object' ? `at most policy.waits.${step.timing.wait}` : '';
  const facts: [string, string][] = [
    ['phase', step.phase],
    ['needs', step.needs.join(', ') || 'nothing'],
    ['needed by', neededBy.join(', ') || 'nothing'],
    ['reads', step.reads.map((path) => `spec.${path}`).join(', ') || 'nothing of the spec'],
    ['waits', wait],
    ['skip', step.skippable ? 'allowed: the run goes on without it' : 'not allowed: later steps build on it'],
    ['again', step.repeat === 'fixed' ? 'no: others were built on what it made' : 'yes, also with a changed spec'],
    ['undo', step.undo ? `by ${step.undo}` : 'nothing to undo'],
    ['activity', step.activity],
  ];
  const rows = facts.filter(([, value]) => value !== '').flatMap(([name, value]) => labelled(name, value, columns));
  return [...wrap(`${id}: ${step.title}`, columns), ...wrap(step.why, columns), '', ...rows];
}

/** `name  text`, the text wrapped under itself. */
function labelled(name: string, text: string, columns: number): string[] {
  return wrap(text, columns - 11).map((part, index) => `${(index === 0 ? name : '').padEnd(11)}${part}`);
}
