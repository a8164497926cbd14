import { action, examples, type Configure } from '../io/command.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../reads/target.ts';

/** `fedctl cancel`: ends the run; what it made is kept, and `up` resumes from there. */
export const configureCancel: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation'))
    .option('--rollback', 'also undo what this run made')
    .addHelpText('after', examples(['fedctl cancel myfederation', 'fedctl cancel myfederation --rollback']))
    .action(
      action(cli, async (name: string | undefined, options: TargetOptions & { rollback?: boolean }) => {
        const { io } = cli;
        const { federation } = await resolveTarget(io, name, options);
        const [{ connectTemporal }, { send }, { workflowIdOf }, messages, { whoAmI }] = await Promise.all([
          import('../../temporal/client.ts'),
          import('../runs/send.ts'),
          import('../../run/input.ts'),
          import('../../run/messages.ts'),
          import('../io/who-am-i.ts'),
        ]);
        const temporal = await connectTemporal(io.env);
        const message = { update: messages.cancelUpdate, signal: messages.cancelSignal };
        io.result(
          await send(temporal, workflowIdOf(federation), message, {
            by: whoAmI(),
            ...(options.rollback ? { rollback: true } : {}),
          }),
        );
        io.note(
          options.rollback
            ? `  watch it: fedctl status ${federation} --watch\n  an undo that blocks: fedctl retry ${federation}, or fedctl skip ${federation} STEP`
            : `  resume later: fedctl up -f FILE\n  remove it:    fedctl down ${federation}`,
        );
      }),
    );
};
