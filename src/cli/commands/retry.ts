import { action, examples, type Configure } from '../command.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../target.ts';

/** `fedctl retry`: wakes blocked steps now instead of at their next automatic attempt. */
export const configureRetry: Configure = (command, cli) => {
  targetOptions(
    command.argument('[name]', 'the federation').argument('[step...]', 'steps (default: all that are blocked)'),
  )
    .addHelpText('after', examples(['fedctl retry myfederation', 'fedctl retry myfederation apiserver/ready']))
    .action(
      action(cli, async (name: string | undefined, steps: string[], options: TargetOptions) => {
        const { io } = cli;
        const { federation } = await resolveTarget(io, name, options);
        const [{ connectTemporal }, { send }, { byOwner }, messages, { whoAmI }] = await Promise.all([
          import('../client.ts'),
          import('../send.ts'),
          import('../routing.ts'),
          import('../../run/messages.ts'),
          import('../start-run.ts'),
        ]);
        const temporal = await connectTemporal(io.env);
        const message = { update: messages.retryUpdate, signal: messages.retrySignal };
        for (const [owner, own] of byOwner(federation, steps)) {
          io.result(await send(temporal, owner, message, { by: whoAmI(), ...(own.length > 0 ? { steps: own } : {}) }));
        }
        io.note(`  watch it: fedctl status ${federation} --watch`);
      }),
    );
};
