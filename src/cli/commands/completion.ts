import { action, examples, type Configure } from '../io/command.ts';
import { completionScripts, shells } from '../views/completion-scripts.ts';
import { usageError } from '../io/exit.ts';

/** `fedctl completion`: what a shell sources to complete commands, flags, federations and steps. */
export const configureCompletion: Configure = (command, cli) => {
  command
    .argument('<shell>', shells.join(', '))
    .addHelpText(
      'after',
      examples([
        'source <(fedctl completion bash)',
        'source <(fedctl completion zsh)',
        'fedctl completion fish | source',
      ]),
    )
    .action(
      action(cli, async (given: string) => {
        const shell = shells.find((name) => name === given);
        if (!shell) throw usageError(`completion ${given}: not one of ${shells.join(', ')}`);
        cli.io.result(completionScripts[shell]);
      }),
    );
};
