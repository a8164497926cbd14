import type { DownChoices } from '../../catalogue/side-inputs.ts';
import { action, examples, parseOutput, type Cli, type Configure, type Output } from '../io/command.ts';
import { exit, usageError, type ExitCode } from '../io/exit.ts';
import { runOptionsOf, type RunFlags } from '../io/run-flags.ts';
import { resolveTarget, targetOptions, type Target, type TargetOptions } from '../reads/target.ts';

interface Options extends TargetOptions, RunFlags {
  yes?: boolean;
  volumes?: string;
  federatedObjects?: string;
  deleteNamespace?: boolean;
  keepZone?: boolean;
  forget?: string;
}

/** `fedctl down`: takes away what fedctl made, and only that, after the person said so. */
export const configureDown: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation'))
    .option('-y, --yes', 'do not ask; needs --volumes')
    .option('--volumes <choice>', 'keep or delete the volume of etcd')
    .option('--federated-objects <choice>', 'delete or orphan the federated objects')
    .option('--keep-zone', 'keep the DNS zone')
    .option('--delete-namespace', 'delete the namespace even if it existed before or holds other objects')
    .option('-d, --detach', 'start the run and return at once')
    .option('--timeout <duration>', 'follow at most this long; the run goes on (exit 4)')
    .option('--forget <member>', 'give up the debt of a member that is gone for good; does nothing else')
    .option('--cancel-first', 'cancel an open run first')
    .option('--take-over', 'become the owner even if another run owns the federation')
    .option(
      '-o, --output <format>',
      'table, json, yaml or jsonl',
      (value) => parseOutput(value, ['jsonl']),
      'table' as Output,
    )
    .addHelpText('after', examples(['fedctl down myfederation', 'fedctl down myfederation --yes --volumes delete']))
    .action(action(cli, (name: string | undefined, options: Options) => down(cli, name, options)));
};

async function down(cli: Cli, name: string | undefined, options: Options): Promise<ExitCode> {
  const { io } = cli;
  const how = await runOptionsOf(options);
  const flags = chooseFlags(options);
  const target = await resolveTarget(io, name, options);
  if (options.forget !== undefined) return forget(cli, target, options.forget);
  const { decide } = await import('../runs/decide-down.ts');
  const choices = await decide(io, target.federation, options, flags);
  const { turnDown } = await import('../runs/turn-down.ts');
  return turnDown(io, target, { choices, takeOver: options.takeOver ?? false }, how);
}

async function forget({ io }: Cli, target: Target, member: string): Promise<ExitCode> {
  const [{ connectTemporal }, { forgetDebt }, { hostOfTarget }] = await Promise.all([
    import('../../temporal/client.ts'),
    import('../runs/debts.ts'),
    import('../reads/host.ts'),
  ]);
  const host = await hostOfTarget(io, target);
  io.result(await forgetDebt(io, await connectTemporal(io.env), { federation: target.federation, member, host }));
  return exit.done;
}

function oneOf<T extends string>(flag: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((word) => word === value);
  if (!found) throw usageError(`${flag} ${value}: not one of ${allowed.join(', ')}`);
  return found;
}

const chooseFlags = (options: Options): Partial<DownChoices> => {
  const volumes = oneOf('--volumes', options.volumes, ['keep', 'delete']);
  const federatedObjects = oneOf('--federated-objects', options.federatedObjects, ['delete', 'orphan']);
  return {
    ...(volumes ? { volumes } : {}),
    ...(federatedObjects ? { federatedObjects } : {}),
    ...(options.keepZone ? { keepZone: true } : {}),
    ...(options.deleteNamespace ? { deleteNamespace: true } : {}),
  };
};
