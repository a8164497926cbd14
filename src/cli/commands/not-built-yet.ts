import type { Configure } from '../command.ts';
import { CliError, exit } from '../exit.ts';

/** A command of the contract that is not there yet: says so, exit 64, touches nothing. */
export const notBuiltYet =
  (verb: string): Configure =>
  (command) => {
    command.allowUnknownOption().allowExcessArguments().argument('[args...]');
    command.action(() => {
      throw new CliError(
        exit.usage,
        `fedctl ${verb} is not built yet`,
        ['see fedctl --help for the commands that are'],
        {
          code: 'NOT_BUILT_YET',
          data: { field: verb },
        },
      );
    });
  };
