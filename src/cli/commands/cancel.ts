import { action, examples, type Configure } from '../command.ts';
import { CliError, exit } from '../exit.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../target.ts';

/** `fedctl cancel`: ends the run; what stands is kept, and `up` resumes from there. */
export const configureCancel: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation'))
    .option('--rollback', 'also undo what this run made')
    .addHelpText('after', examples(['fedctl cancel myfederation']))
    .action(
      action(cli, async (name: string | undefined, options: TargetOptions & { rollback?: boolean }) => {
        const { io } = cli;
        const { federation } = await resolveTarget(io, name, options);
        if (options.rollback) {
          throw new CliError(
            exit.usage,
            'cancel --rollback is not built yet',
            [`fedctl cancel ${federation}, then fedctl down ${federation}`],
            {
              code: 'NOT_BUILT_YET',
            },
          );
        }
        const [{ connectTemporal }, { send }, { workflowIdOf }, messages, { whoAmI }] = await Promise.all([
          import('../client.ts'),
          import('../send.ts'),
          import('../../run/input.ts'),
          import('../../run/messages.ts'),
          import('../start-run.ts'),
        ]);
        const temporal = await connectTemporal(io.env);
        const message = { update: messages.cancelUpdate, signal: messages.cancelSignal };
        io.result(await send(temporal, workflowIdOf(federation), message, { by: whoAmI() }));
        io.note(`  go on later:  fedctl up -f FILE\n  take it away: fedctl down ${federation}`);
      }),
    );
};
