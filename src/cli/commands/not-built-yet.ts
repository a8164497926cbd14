import type { Configure } from '../command.ts';
import { CliError, exit } from '../exit.ts';

/** A command of the contract that is not there yet: says so and what to do instead, exit 64, touches nothing. */
export const notBuiltYet =
  (verb: string, instead: readonly string[]): Configure =>
  (command) => {
    command.allowUnknownOption().allowExcessArguments().argument('[args...]');
    command.addHelpText('after', ['', 'Not built yet. Instead:', ...instead.map((way) => `  ${way}`)].join('\n'));
    command.action(() => {
      throw new CliError(exit.usage, `fedctl ${verb} is not built yet; nothing was touched`, instead, {
        code: 'NOT_BUILT_YET',
        data: { field: verb },
      });
    });
  };
