import { Runtime, type Logger, type LogLevel } from '@temporalio/worker';
import { pino, type Logger as Pino } from 'pino';
import type { Log } from '../activities/deps.ts';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** The worker's log: JSON lines on stderr. Bodies of requests, tokens and kubeconfigs are never given to it. */
export function workerLog(env: NodeJS.ProcessEnv): Pino {
  const level = env['FEDCTL_LOG_LEVEL'] ?? 'info';
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination(2),
  );
}

/** pino in the form that activities take. */
export const asLog = (log: Pino): Log => ({
  info: (data, message) => log.info(data, message),
  warn: (data, message) => log.warn(data, message),
});

/** pino in the form that the SDK takes. */
function asSdkLogger(log: Pino): Logger {
  const write = (level: LogLevel, message: string, meta: object = {}): void => log[levels[level]](meta, message);
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

/** Sends what the SDK and its native core say to the worker's log. Once a process, before the first connection. */
export function installRuntime(log: Pino): void {
  Runtime.install({
    logger: asSdkLogger(log),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
    // main.ts ends the worker itself, to print that it does.
    shutdownSignals: [],
  });
}
