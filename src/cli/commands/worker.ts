import { action, examples, type Configure } from '../command.ts';
import { CliError, exit } from '../exit.ts';
import { cacheFolder, stateFolder } from '../folders.ts';
import { interruption } from '../interruption.ts';

interface Options {
  devServer?: boolean;
  taskQueue?: string;
}

/** `fedctl worker`: serves runs until it is asked to end. */
export const configureWorker: Configure = (command, cli) => {
  command
    .option('--dev-server', 'start a Temporal server for one person beside it')
    .option('--task-queue <name>', 'task queue to serve (FEDCTL_TASK_QUEUE; default: fedctl)')
    .addHelpText(
      'after',
      examples(['fedctl worker', 'fedctl worker --dev-server     # Temporal and its Web UI on this machine']),
    )
    .action(
      action(cli, async (options: Options) => {
        const { io } = cli;
        const { taskQueueOf } = await import('../start-run.ts');
        const taskQueue = options.taskQueue ?? taskQueueOf(io.env);
        io.note('starting the worker');
        const stop = interruption(['SIGINT', 'SIGTERM'], () =>
          io.note('ending: running steps are given back to Temporal'),
        );
        const server = options.devServer ? await startServer(cli.io) : undefined;
        const env = server ? { ...io.env, TEMPORAL_ADDRESS: server.address } : io.env;
        try {
          await serve({ ...cli, io: { ...io, env } }, taskQueue, stop);
        } finally {
          await server?.stop();
        }
      }),
    );
};

async function startServer(io: { env: NodeJS.ProcessEnv; note(text: string): void }) {
  const { startDevServer } = await import('../../../worker/dev-server.ts');
  try {
    const server = await startDevServer(stateFolder(io.env), io.env);
    io.note(`Temporal at ${server.address}, Web UI at ${server.ui}`);
    return server;
  } catch (error) {
    throw new CliError(exit.failed, (error as Error).message, [
      'install the temporal CLI, or run fedctl sandbox up once',
    ]);
  }
}

async function serve(cli: Parameters<Configure>[1], taskQueue: string, stop: AbortSignal): Promise<void> {
  const { io } = cli;
  const [{ runWorker }, { temporalConfig, unreachable }] = await Promise.all([
    import('../../../worker/main.ts'),
    import('../client.ts'),
  ]);
  const { env } = io;
  try {
    await runWorker({
      taskQueue,
      env,
      cacheFolder: cacheFolder(env),
      stateFolder: stateFolder(env),
      stop,
      onReady: ({ address, namespace }) =>
        io.note(`worker ready: serves task queue ${taskQueue} of ${address}, namespace ${namespace}`),
    });
  } catch (error) {
    if ((error as Error).name === 'TransportError') throw unreachable(temporalConfig(env).address, error);
    throw error;
  }
}
