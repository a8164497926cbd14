import type { Serving } from '../../../worker/main.ts';
import { action, examples, type Configure } from '../io/command.ts';
import { imagesQueueOf } from '../../run/input.ts';
import { CliError, exit, usageError } from '../io/exit.ts';
import { cacheFolder, stateFolder } from '../../temporal/folders.ts';
import { taskQueueOf } from '../../temporal/task-queue.ts';
import { interruption } from '../io/interruption.ts';

interface Options {
  devServer?: boolean;
  taskQueue?: string;
  serve?: string;
}

const serves = ['all', 'runs', 'images'] as const satisfies readonly Serving[];

/** What to serve: the option, else FEDCTL_SERVE, else everything. Throws CliError (64) for any other word. */
export function servingOf(option: string | undefined, env: NodeJS.ProcessEnv): Serving {
  const word = option ?? (env['FEDCTL_SERVE'] || 'all');
  const found = serves.find((name) => name === word);
  if (!found) throw usageError(`--serve ${word}: not one of ${serves.join(', ')}`);
  return found;
}

/** `fedctl worker`: serves runs until it is asked to end. */
export const configureWorker: Configure = (command, cli) => {
  command
    .option('--dev-server', 'also start a Temporal dev server, for one person')
    .option('--task-queue <name>', 'task queue to serve (FEDCTL_TASK_QUEUE; default: fedctl)')
    .option('--serve <what>', 'all, runs (clusters, DNS) or images (builds) (FEDCTL_SERVE; default: all)')
    .addHelpText(
      'after',
      examples([
        'fedctl worker',
        'fedctl worker --dev-server     # Temporal and its Web UI on this machine',
        'fedctl worker --serve images   # on a machine that only builds',
      ]),
    )
    .action(
      action(cli, async (options: Options) => {
        const { io } = cli;
        const taskQueue = options.taskQueue ?? taskQueueOf(io.env);
        const serving = servingOf(options.serve, io.env);
        io.note('starting the worker');
        const stop = interruption(['SIGINT', 'SIGTERM'], () =>
          io.note('ending: running steps are given back to Temporal'),
        );
        const server = options.devServer ? await startServer(cli.io) : undefined;
        try {
          const env = server?.env ?? io.env;
          await serve({ ...cli, io: { ...io, env } }, { taskQueue, serve: serving }, stop);
        } finally {
          await server?.stop();
        }
      }),
    );
};

async function startServer(io: { env: NodeJS.ProcessEnv; note(text: string): void }) {
  const { devServerEnvironment, startDevServer } = await import('../../../worker/dev-server.ts');
  const { connectsTo } = await import('../../temporal/client.ts');
  try {
    const server = await startDevServer(stateFolder(io.env), io.env);
    io.note(`Temporal at ${server.address}, Web UI at ${server.ui}`);
    if (!connectsTo(io.env, server.address))
      io.note(`other commands find it with: export TEMPORAL_CONFIG_FILE=${server.configFile} TEMPORAL_PROFILE=default`);
    return { ...server, env: devServerEnvironment(io.env, server) };
  } catch (error) {
    throw new CliError(exit.failed, (error as Error).message, [
      'install the temporal CLI, or run fedctl sandbox up once',
      'where a server runs already: fedctl worker, without --dev-server',
    ]);
  }
}

async function serve(
  cli: Parameters<Configure>[1],
  what: { taskQueue: string; serve: Serving },
  stop: AbortSignal,
): Promise<void> {
  const { io } = cli;
  const [{ runWorker }, { temporalConfig, unreachable }] = await Promise.all([
    import('../../../worker/main.ts'),
    import('../../temporal/client.ts'),
  ]);
  const { env } = io;
  try {
    await runWorker({
      ...what,
      env,
      cacheFolder: cacheFolder(env),
      stateFolder: stateFolder(env),
      stop,
      onReady: ({ address, namespace }) =>
        io.note(`worker ready: serves ${queuesOf(what)} of ${address}, namespace ${namespace}`),
    });
  } catch (error) {
    if ((error as Error).name === 'TransportError') throw unreachable(temporalConfig(env).address, error);
    throw error;
  }
}

const queuesOf = ({ taskQueue, serve }: { taskQueue: string; serve: Serving }): string =>
  serve === 'images' ? `task queue ${imagesQueueOf(taskQueue)}` : `task queue ${taskQueue}`;
