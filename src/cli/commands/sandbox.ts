import { Command } from 'commander';
import { action, examples, parseOutput, type Cli, type Configure, type Output } from '../command.ts';
import { settle } from '../program.ts';

/** Settings of the one sandbox that a command is about. */
interface Options {
  id: string;
  output: Output;
}

/** `fedctl sandbox`: real clusters, registry, DNS and Temporal on this machine, in namespaces of their own. */
export const configureSandbox: Configure = (command, cli) => {
  command
    .addCommand(
      sub(cli, 'up', 'bring it up; builds what is missing, once').action(
        action(cli, (options: Options) => up(cli, options)),
      ),
    )
    .addCommand(
      sub(cli, 'status', 'show its parts and where they are').action(
        action(cli, (options: Options) => status(cli, options)),
      ),
    )
    .addCommand(
      sub(cli, 'env', 'print the exports for your shell').action(action(cli, (options: Options) => env(cli, options))),
    )
    .addCommand(
      sub(cli, 'down', 'take it down and leave nothing').action(action(cli, (options: Options) => down(cli, options))),
    )
    .addHelpText('after', examples(['fedctl sandbox up', 'eval "$(fedctl sandbox env)"', 'fedctl sandbox down']));
};

const sub = (cli: Cli, name: string, summary: string): Command =>
  settle(new Command(name), cli.io)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .option('--id <number>', 'which sandbox of this machine (FEDCTL_SANDBOX)', cli.io.env['FEDCTL_SANDBOX'] ?? '0')
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText('after', examples([`fedctl sandbox ${name}`]));
