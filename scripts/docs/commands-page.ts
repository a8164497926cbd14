import type { Command, Option } from 'commander';
import { processIo } from '../../src/cli/io/io.ts';
import { wholeProgram } from '../../src/cli/program.ts';
import { cell, code, generated, page, table } from './markdown.ts';

/** docs/commands.md: every command with its flags and examples, from the program itself. */
export async function commandsPage(): Promise<string> {
  const said: string[] = [];
  // No variable of whoever generates the page may change a default.
  const program = await wholeProgram({ ...processIo(), env: {}, result: (text) => void said.push(text) });
  /** What `--help` prints. */
  const helpOf = (command: Command): string => {
    said.length = 0;
    command.outputHelp();
    return said.join('\n');
  };
  const commands = all(program);
  return page(
    generated('src/cli/commands'),
    '# Commands',
    'What `fedctl COMMAND --help` says, on one page. stdout is the result, stderr everything else; exit codes are in ' +
      'the [README](../README.md#commands). Every command that takes `NAME` finds the host cluster by `-f`, by ' +
      '`--context`, by the last run, or by the current context.',
    commands.map(({ path }) => `- [${code(path)}](#${anchor(path)})`).join('\n'),
    ...commands.map(({ path, command }) => section(path, command, helpOf(command))),
  );
}

interface Named {
  path: string;
  command: Command;
}

/** Every command that does something, each before those inside it. */
const all = (parent: Command, path = parent.name()): Named[] =>
  parent.commands
    .filter((command) => command.name() !== 'help')
    .flatMap((command) => {
      const named = { path: `${path} ${command.name()}`, command };
      return [named, ...all(command, named.path)];
    });

const anchor = (path: string): string => path.replaceAll(' ', '-');

function section(path: string, command: Command, help: string): string {
  const { lines, rest } = examplesIn(help);
  if (lines.length === 0) throw new Error(`${path} --help has no example`);
  const options = command.createHelp().visibleOptions(command);
  const inside = command.commands.map((sub) => sub.name());
  return page(
    `${'#'.repeat(path.split(' ').length)} ${path}`,
    capital(command.description()),
    inside.length > 0 ? `With ${inside.map((name) => code(name)).join(', ')}.` : '',
    fenced(`${path} ${command.usage()}`.trim()),
    table(
      ['flag', 'what it does', 'default'],
      options.map((option) => [code(option.flags), cell(option.description), code(defaultOf(option))]),
    ),
    fenced(lines.join('\n')),
    rest,
  ).trim();
}

const defaultOf = ({ defaultValue }: Option): string =>
  defaultValue === undefined || defaultValue === false ? '' : String(defaultValue);

const fenced = (text: string): string => `\`\`\`sh\n${text}\n\`\`\``;

const capital = (text: string): string => {
  const ended = /[.:]$/.test(text) ? text : `${text}.`;
  return `${ended.charAt(0).toUpperCase()}${ended.slice(1)}`;
};

/** Examples of a help text, and what it says after them. */
function examplesIn(help: string): { lines: string[]; rest: string } {
  const [, after = ''] = help.split('\nExamples:\n');
  const lines = after.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('  '));
  const own = end < 0 ? lines : lines.slice(0, end);
  return {
    lines: own.map((line) => line.trim()).filter(Boolean),
    rest: end < 0 ? '' : lines.slice(end).join('\n').trim(),
  };
}
