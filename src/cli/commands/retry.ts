import { action, examples, type Configure } from '../io/command.ts';
import { usageError } from '../io/exit.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../reads/target.ts';

interface Options extends TargetOptions {
  allBlocked?: boolean;
}

/** `fedctl retry`: wakes blocked steps now instead of at their next automatic attempt; `-f` gives the run a changed spec. */
export const configureRetry: Configure = (command, cli) => {
  targetOptions(
    command.argument('[name]', 'the federation').argument('[step...]', 'steps (default: all that are blocked)'),
  )
    .option('--all-blocked', 'every blocked run in Temporal')
    .addHelpText(
      'after',
      examples([
        'fedctl retry myfederation',
        'fedctl retry myfederation apiserver/ready',
        'fedctl retry -f federation.yaml   # with a changed file: the steps it concerns run again',
        'fedctl retry --all-blocked',
      ]),
    )
    .action(
      action(cli, async (name: string | undefined, steps: string[], options: Options) => {
        const { io } = cli;
        const [{ connectTemporal }, asking] = await Promise.all([
          import('../../temporal/client.ts'),
          import('../runs/retry-runs.ts'),
        ]);
        if (options.allBlocked) {
          if (name !== undefined || options.file !== undefined)
            throw usageError('--all-blocked is about every federation: give no NAME and no file');
          return asking.retryAllBlocked(io, await connectTemporal(io.env));
        }
        const target = await resolveTarget(io, name, options);
        const { federation } = target;
        const temporal = await connectTemporal(io.env);
        const amended = options.file !== undefined && (await asking.amendRun(io, temporal, options.file));
        if (!amended && steps.length === 0) await asking.retryAll(io, temporal, target);
        else if (steps.length > 0) await asking.retrySteps(io, temporal, federation, steps);
        io.note(`  watch it: fedctl status ${federation} --watch`);
        return undefined;
      }),
    );
};
