import type { Command } from 'commander';
import { exit, usageError, type ExitCode } from './exit.ts';
import type { Io } from './io.ts';

/** What a command is given beside its arguments. */
export interface Cli {
  readonly io: Io;
  /** Set by the action that ran; main.ts ends the process with it. */
  exitCode: ExitCode;
}

/** Adds arguments, options, help and action of one command. Imports nothing heavy: actions import what they need. */
export type Configure = (command: Command, cli: Cli) => void;

/** A command of the table in verbs.ts. */
export interface Verb {
  /** One line for the list of commands. */
  summary: string;
  /** How the arguments read in the list of commands. */
  usage: string;
  load: () => Promise<Configure>;
}

/** Formats of results. */
export const outputs = ['table', 'json', 'yaml'] as const;
export type Output = (typeof outputs)[number] | 'jsonl';

/** Reads `-o`; `jsonl` only where a command can stream events. */
export function parseOutput(value: string, extra: readonly 'jsonl'[] = []): Output {
  const allowed: readonly Output[] = [...outputs, ...extra];
  const found = allowed.find((name) => name === value);
  if (!found) throw usageError(`-o ${value}: not one of ${allowed.join(', ')}`);
  return found;
}

/** Wraps an action: what it returns becomes the exit code (nothing: 0). */
export function action<Args extends unknown[]>(cli: Cli, act: (...args: Args) => Promise<ExitCode | void>) {
  return async (...args: Args): Promise<void> => {
    cli.exitCode = (await act(...args)) ?? exit.done;
  };
}

/** A section of help with examples; every command has one. */
export const examples = (lines: readonly string[]): string =>
  ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n');

/** What every command of the program, nested ones too, has in common: 80 columns, errors thrown, not printed. */
export function settle(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ helpWidth: 80, subcommandTerm: (sub) => `${sub.name()} ${sub.usage()}`.trim() })
    .configureOutput({ writeOut: (text) => io.result(text.trimEnd()), writeErr: () => undefined });
}
