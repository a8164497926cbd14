import { action, examples, type Cli, type Configure } from '../io/command.ts';
import { CliError } from '../io/exit.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../reads/target.ts';

/** `fedctl pause`: no further step starts, of the run and of its members' runs; what runs ends. */
export const configurePause: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation'))
    .addHelpText('after', examples(['fedctl pause myfederation']))
    .action(action(cli, (name: string | undefined, options: TargetOptions) => tellAll(cli, name, options, 'pause')));
};

/** `fedctl resume`: the run goes on, and its members' runs with it. */
export const configureResume: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation'))
    .addHelpText('after', examples(['fedctl resume myfederation']))
    .action(action(cli, (name: string | undefined, options: TargetOptions) => tellAll(cli, name, options, 'resume')));
};

/** Tells the run, then the open runs of its members: a run that is paused starts no further ones. */
async function tellAll({ io }: Cli, name: string | undefined, options: TargetOptions, verb: 'pause' | 'resume') {
  const { federation } = await resolveTarget(io, name, options);
  const [{ connectTemporal }, { send }, { workflowIdOf }, messages, { whoAmI }, { observeFamily }] = await Promise.all([
    import('../../temporal/client.ts'),
    import('../runs/send.ts'),
    import('../../run/input.ts'),
    import('../../run/messages.ts'),
    import('../io/who-am-i.ts'),
    import('../reads/observe.ts'),
  ]);
  const temporal = await connectTemporal(io.env);
  const message = {
    pause: { update: messages.pauseUpdate, signal: messages.pauseSignal },
    resume: { update: messages.resumeUpdate, signal: messages.resumeSignal },
  }[verb];
  const asked = { by: whoAmI() };
  io.result(await send(temporal, workflowIdOf(federation), message, asked));
  const family = await observeFamily(temporal, workflowIdOf(federation));
  for (const { workflowId } of family?.children.filter(({ execution }) => execution === 'RUNNING') ?? []) {
    await send(temporal, workflowId, message, asked).catch((error: unknown) => {
      // Ended a moment ago, or told by somebody else: both are what was asked for.
      if (!(error instanceof CliError)) throw error;
    });
  }
  if (verb === 'pause') io.note(`  go on: fedctl resume ${federation}`);
}
