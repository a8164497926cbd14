import { action, examples, type Configure } from '../io/command.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../reads/target.ts';

/** `fedctl skip`: goes on without a blocked step, where the catalogue allows it. */
export const configureSkip: Configure = (command, cli) => {
  targetOptions(command.argument('<name>', 'the federation').argument('<step>', 'a blocked step'))
    .addHelpText('after', examples(['fedctl skip myfederation dns/delegation']))
    .action(
      action(cli, async (name: string, step: string, options: TargetOptions) => {
        const { io } = cli;
        const { federation } = await resolveTarget(io, name, options);
        const [{ connectTemporal }, { send }, { ownerOf }, messages, { whoAmI }] = await Promise.all([
          import('../../temporal/client.ts'),
          import('../runs/send.ts'),
          import('../reads/routing.ts'),
          import('../../run/messages.ts'),
          import('../io/who-am-i.ts'),
        ]);
        const temporal = await connectTemporal(io.env);
        const message = { update: messages.skipUpdate, signal: messages.skipSignal };
        io.result(await send(temporal, ownerOf(federation, step), message, { step, by: whoAmI() }));
      }),
    );
};
