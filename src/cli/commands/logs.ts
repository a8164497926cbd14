import type { ContainerLog } from '../../../activities/status/pod-logs.ts';
import { action, examples, type Configure } from '../io/command.ts';
import { CliError, exit, usageError } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import { resolveTarget, type Target, targetOptions, type TargetOptions } from '../reads/target.ts';

interface Options extends TargetOptions {
  tail: number;
  previous?: boolean;
}

const parseTail = (value: string): number => {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1) throw usageError(`--tail ${value}: not a number of lines`);
  return count;
};

/** `fedctl logs`: the build logs of this machine, and what the control plane's containers write. */
export const configureLogs: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation').argument('[step]', 'only what this step is about'))
    .option('--tail <lines>', 'lines of each log', parseTail, 100)
    .option('--previous', 'of the previous containers, before their restart')
    .addHelpText(
      'after',
      examples([
        'fedctl logs myfederation',
        'fedctl logs myfederation images/build --tail 500',
        'fedctl logs myfederation apiserver/ready',
      ]),
    )
    .action(
      action(cli, async (name: string | undefined, step: string | undefined, options: Options) => {
        const { io } = cli;
        const target = await resolveTarget(io, name, options);
        const built = step?.startsWith('images/') ?? false;
        if (step === undefined || built) await printBuilds(io, target.federation, step, options.tail);
        if (!built) await printPods(io, target, step, options);
      }),
    );
};

async function printBuilds(io: Io, federation: string, step: string | undefined, tail: number): Promise<void> {
  const { buildLogFolder, lastLines, readBuildLogs } = await import('../reads/build-logs.ts');
  const logs = await readBuildLogs(io.env, federation, step);
  for (const { step: of, path, text } of logs) {
    if (text === undefined)
      throw new CliError(exit.failed, `there is no log of ${of} here: ${path}`, [
        'it is on the machine of the worker that built, under the same name in its state folder (FEDCTL_STATE)',
      ]);
    io.note(io.paint('bold', `==> ${of}: ${path}`));
    io.result(lastLines(text, tail));
  }
  if (logs.length === 0) io.note(`no build logs here (they would be in ${buildLogFolder(io.env, federation)})`);
}

/** Each log under its heading, which is no part of the result. */
export function tellLogs(io: Io, logs: readonly ContainerLog[]): void {
  for (const { pod, container, text } of logs) {
    io.note(io.paint('bold', `==> ${pod} ${container}`));
    io.result(text.trimEnd());
  }
}

async function printPods(io: Io, target: Target, step: string | undefined, options: Options): Promise<void> {
  const [{ openLocal }, { hostOfTarget }, { readFailure }] = await Promise.all([
    import('../../../worker/local.ts'),
    import('../reads/host.ts'),
    import('../io/read-failure.ts'),
  ]);
  const host = await hostOfTarget(io, target);
  const question = { step, tail: options.tail, previous: options.previous ?? false };
  const logs = await openLocal(io.env)
    .podLogs(host, question)
    .catch((error: unknown) => {
      throw readFailure(error);
    });
  tellLogs(io, logs);
  if (logs.length === 0)
    io.note(`no pods of the control plane in namespace ${host.namespace} of context ${host.context}`);
}
