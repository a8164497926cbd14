import { Runtime, type Logger, type LogLevel } from '@temporalio/worker';
import { pino, type Logger as Pino } from 'pino';
import type { Log } from '../activities/core/deps.ts';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** The worker's log: JSON lines on stderr. Bodies of requests, tokens and kubeconfigs are never given to it. */
export function workerLog(env: NodeJS.ProcessEnv): Pino {
  const options = {
    level: env['FEDCTL_LOG_LEVEL'] ?? 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // The SDK's dumps of whole tasks: long, and no reader needs them.
    redact: { paths: ['task', 'taskEncoded', 'taskToken'], remove: true },
  };
  return pino(options, pino.destination(2));
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

/** For parts of the SDK whose news are of no interest: only warnings and errors pass. */
export function quietLogger(log: Pino): Logger {
  const logger = asSdkLogger(log);
  const ignore = (): void => {};
  return {
    ...logger,
    trace: ignore,
    debug: ignore,
    info: ignore,
    log: (level, message, meta) =>
      level === 'WARN' || level === 'ERROR' ? logger.log(level, message, meta) : undefined,
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
