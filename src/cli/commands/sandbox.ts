import { Command } from 'commander';
import { action, examples, parseOutput, settle, type Cli, type Configure, type Output } from '../io/command.ts';
import { CliError, exit, usageError, type ExitCode } from '../io/exit.ts';
import { printDocument } from '../io/document.ts';
import { table } from '../io/format.ts';

/** Settings of the one sandbox that a command is about. */
interface Options {
  id: number;
  output: Output;
  members?: number;
}

/** `fedctl sandbox`: real clusters, registry, DNS and Temporal on this machine, in namespaces of their own. */
export const configureSandbox: Configure = (command, cli) => {
  command
    .addCommand(
      sub(cli, 'up', 'start it; builds missing programs, once')
        .option('--members <number>', 'how many member clusters', numberBetween(0, 9), 2)
        .action(action(cli, (options: Options) => up(cli, options))),
    )
    .addCommand(
      sub(cli, 'status', 'show its parts and their addresses').action(
        action(cli, (options: Options) => status(cli, options)),
      ),
    )
    .addCommand(
      sub(cli, 'env', 'print the exports for your shell').action(action(cli, (options: Options) => env(cli, options))),
    )
    .addCommand(memberCommand(cli))
    .addCommand(
      sub(cli, 'down', 'stop it and delete everything of it').action(
        action(cli, (options: Options) => down(cli, options)),
      ),
    )
    .addHelpText('after', examples(['fedctl sandbox up', 'eval "$(fedctl sandbox env)"', 'fedctl sandbox down']));
};

const numberBetween =
  (first: number, last: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < first || value > last)
      throw usageError(`${text} is not a whole number from ${first} to ${last}`);
    return value;
  };

function sub(cli: Cli, name: string, summary: string, example = name): Command {
  const id = numberBetween(1, 254);
  const given = cli.io.env['FEDCTL_SANDBOX'] || '88';
  return settle(new Command(name), cli.io)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .option('--id <number>', 'which sandbox of this machine, 1 to 254 (FEDCTL_SANDBOX)', id, id(given))
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText('after', examples([`fedctl sandbox ${example}`]));
}

/** `fedctl sandbox member stop|start NAME`. */
const memberCommand = (cli: Cli): Command =>
  sub(cli, 'member', 'stop a member cluster, or start it again', 'member stop member-2')
    .argument('<verb>', 'stop or start')
    .argument('<name>', 'the member: member-1, member-2, …')
    .action(action(cli, (verb: string, name: string, options: Options) => member(cli, verb, name, options)));

/** What fails in the sandbox is the machine's, not the operator's spec: exit 1 with its own words. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CliError(exit.failed, (error as Error).message, [
      'see its logs in the folder that fedctl sandbox status names',
    ]);
  }
}

async function up({ io }: Cli, { id, members }: Options): Promise<void> {
  const { sandboxUp } = await import('../../../sandbox/index.ts');
  await attempt(() =>
    sandboxUp({ id, env: io.env, log: (line) => io.note(line), ...(members === undefined ? {} : { members }) }),
  );
  io.note(`next: eval "$(fedctl sandbox env${id === 88 ? '' : ` --id ${id}`})"`);
}

async function status({ io }: Cli, { id, output }: Options): Promise<ExitCode> {
  const { sandboxStatus } = await import('../../../sandbox/index.ts');
  const seen = await sandboxStatus({ id, env: io.env });
  await printDocument(io, output, seen, () => [
    `sandbox ${seen.id}: ${seen.phase}`,
    ...table(seen.parts.map(({ name, where, running }) => [`  ${name}`, running ? 'running' : 'gone', where])),
  ]);
  return seen.phase === 'ready' ? exit.done : exit.failed;
}

async function env({ io }: Cli, { id, output }: Options): Promise<void> {
  const { sandboxEnvironment } = await import('../../../sandbox/index.ts');
  const { exportLines } = await import('../../../sandbox/outside/environment.ts');
  const variables = await attempt(() => sandboxEnvironment({ id, env: io.env }));
  await printDocument(io, output, variables, () => exportLines(variables));
}

async function member({ io }: Cli, verb: string, name: string, { id }: Options): Promise<void> {
  const wish = ({ stop: 'stopped', start: 'running' } as const)[verb];
  if (!wish) throw usageError(`${verb} is neither stop nor start`);
  const { sandboxMember } = await import('../../../sandbox/index.ts');
  await attempt(() => sandboxMember(name, wish, { id, env: io.env }));
  io.note(`${name} is ${wish}`);
}

async function down({ io }: Cli, { id }: Options): Promise<void> {
  const { sandboxDown } = await import('../../../sandbox/index.ts');
  await attempt(() => sandboxDown({ id, env: io.env, log: (line) => io.note(line) }));
}
