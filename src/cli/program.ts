import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { examples, settle, type Cli, type Verb } from './io/command.ts';
import { nearest } from '../spec/nearest.ts';
import { exit, usageError, type CliError, type ExitCode } from './io/exit.ts';
import type { Io } from './io/io.ts';
import { verbs } from './verbs.ts';

const table: Readonly<Record<string, Verb>> = verbs;

/** Runs one command line (without node and script) and answers its exit code. Throws CliError, or a bug. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  const cli: Cli = { io, exitCode: exit.done };
  if (argv[0] === '__complete') return complete(argv.slice(1), cli);
  const { chosen, asked } = commandIn(argv);
  if (asked !== undefined && !asked.startsWith('-') && !Object.hasOwn(table, asked)) throw unknownCommand(asked);
  const program = await buildProgram(cli, (name) => name === asked);
  try {
    await program.parseAsync(argv.length > 0 ? argv : ['--help'], { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw await (await import('./io/ending.ts')).asEnding(error, io);
    if (error.exitCode === 0) return exit.done;
    throw usageError(error.message.replace(/^error: /, '').replace(/\n\(/, ' ('), [
      `see: fedctl ${chosen && table[chosen] ? `${chosen} ` : ''}--help`,
    ]);
  }
}

/** The first word, and the command it is about: of `help`, the one after it. */
function commandIn(argv: readonly string[]): Record<'chosen' | 'asked', string | undefined> {
  const chosen = argv.find((argument) => !argument.startsWith('-'));
  return { chosen, asked: chosen === 'help' ? argv[argv.indexOf('help') + 1] : chosen };
}

/** Candidates for the shell, a line each; see completion-scripts.ts. Silent about whatever is wrong. */
async function complete(asked: readonly string[], cli: Cli): Promise<ExitCode> {
  const words = asked[0] === '--' ? asked.slice(1) : asked;
  const { candidates, federationNames, runNames, stepNames } = await import('./reads/complete.ts');
  const load = async (verb: string): Promise<Command | undefined> =>
    (await buildProgram(cli, (name) => name === verb)).commands.find((command) => command.name() === verb);
  const verbNames = Object.keys(table);
  const found = await candidates(words, {
    verbs: verbNames,
    load,
    federations: () => federationNames(cli.io),
    steps: stepNames,
    run: (federation) => runNames(cli.io, federation),
    contexts: async () => (await (await import('./files/contexts.ts')).readContexts(cli.io.env)).names,
  });
  if (found.length > 0) cli.io.result(found.join('\n'));
  return exit.done;
}

function unknownCommand(word: string): CliError {
  const meant = nearest(word, Object.keys(table));
  return usageError(`there is no command ${word}`, [
    ...(meant ? [`did you mean ${meant}? fedctl ${meant} --help`] : []),
    'see all: fedctl --help',
  ]);
}

/** The whole program with every command loaded, for the pages that tell of all of them. */
export const wholeProgram = (io: Io): Promise<Command> => buildProgram({ io, exitCode: exit.done }, () => true);

/** The program; commands that are not chosen are not loaded, and stand in it by name and summary. */
async function buildProgram(cli: Cli, isChosen: (verb: string) => boolean): Promise<Command> {
  const program = settle(new Command('fedctl'), cli.io)
    .description(
      'Turns up, grows and turns down a federation of Kubernetes clusters,\nas Temporal workflows that survive any crash.',
    )
    .version(version(), '-V, --version')
    .addHelpText('after', examples(overview));
  for (const [name, verb] of Object.entries(table)) {
    const command = settle(new Command(name), cli.io)
      .summary(verb.summary)
      .usage(verb.usage || ' ');
    if (isChosen(name)) {
      const configure = await verb.load();
      configure(
        command
          .usage(`${verb.usage} [options]`.trim())
          .description(`${verb.summary[0]?.toUpperCase()}${verb.summary.slice(1)}.`),
        cli,
      );
    }
    program.addCommand(command);
  }
  return program;
}

const overview = [
  'fedctl up -f federation.yaml        # turn up, follow until it ends or blocks',
  'fedctl status myfederation -o json',
  'fedctl retry myfederation           # after fixing what a step waits for',
  'fedctl down myfederation',
];

function version(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as {
        name: string;
        version: string;
      };
      if (name === 'fedctl') return version;
    } catch {
      // not here: from dist/ the file is one folder further up
    }
  }
  return '0.0.0';
}
