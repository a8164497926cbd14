import type { DownChoices } from '../../catalogue/side-inputs.ts';
import { CliError, exit, usageError } from '../io/exit.ts';
import type { Io } from '../io/io.ts';

/** Asks what the flags left open. Throws usageError without a terminal, CliError (exit 5) for a no. */
export async function decide(
  io: Io,
  federation: string,
  options: { yes?: boolean },
  flags: Partial<DownChoices>,
): Promise<DownChoices> {
  if (!options.yes && !io.interactive)
    throw usageError('no terminal to ask on', [`fedctl down ${federation} --yes --volumes keep|delete`]);
  if (options.yes && !flags.volumes)
    throw usageError('--yes needs --volumes keep or --volumes delete', ['choose what happens to the volume of etcd']);
  if (!options.yes) {
    const typed = await io.ask(
      `This takes down ${federation}: control plane, registrations, DNS.\nType its name to confirm: `,
    );
    if (typed.trim() !== federation) throw new CliError(exit.declined, `declined: nothing was touched`);
  }
  const volumes = flags.volumes ?? (await askVolumes(io));
  return { ...flags, volumes };
}

async function askVolumes(io: Io): Promise<'keep' | 'delete'> {
  const answer = (await io.ask("etcd's volume holds the state of the federation. keep or delete it? [keep] ")).trim();
  if (answer === '' || answer === 'keep') return 'keep';
  if (answer === 'delete') return 'delete';
  throw new CliError(exit.declined, `declined: ${answer} is neither keep nor delete; nothing was touched`);
}
