import { action, examples, type Configure } from '../io/command.ts';
import { CliError, exit } from '../io/exit.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../reads/target.ts';

/** `fedctl kubeconfig`: the federation's context, written into the operator's kubeconfig or printed. */
export const configureKubeconfig: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation'))
    .option('--print', 'print the kubeconfig instead; it is a secret')
    .addHelpText(
      'after',
      examples(['fedctl kubeconfig myfederation', 'fedctl kubeconfig myfederation --print > federation.kubeconfig']),
    )
    .action(
      action(cli, async (name: string | undefined, options: TargetOptions & { print?: boolean }) => {
        const { io } = cli;
        const target = await resolveTarget(io, name, options);
        const { openLocal } = await import('../../../worker/local.ts');
        const { hostOfTarget } = await import('../reads/host.ts');
        const host = await hostOfTarget(io, target);
        const local = openLocal(io.env);
        const record = await local.record(host);
        if (record?.federation !== target.federation) {
          throw new CliError(exit.failed, `the host cluster ${host.context} has no record of ${target.federation}`, [
            'name its host: --context, or -f FILE',
          ]);
        }
        if (options.print) {
          const text = await local.adminKubeconfig(host);
          if (text === undefined)
            throw new CliError(exit.failed, 'the host cluster has no kubeconfig of the federation yet');
          return io.result(text.trimEnd());
        }
        const { writeImageValues, writeKubeconfig } = await import('../runs/operator-files.ts');
        const { spec } = record;
        if (!spec) throw new CliError(exit.failed, `the record of ${target.federation} holds no spec`);
        for (const line of await writeKubeconfig(io, host, spec.kubeconfig.context)) io.note(line);
        for (const line of await writeImageValues(io, host, spec)) io.note(line);
      }),
    );
};
