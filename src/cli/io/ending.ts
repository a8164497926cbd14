import { ApplicationFailure } from '@temporalio/common';
import { TemporalError } from '../../temporal/error.ts';
import { CliError, exit, usageError } from './exit.ts';
import type { Io } from './io.ts';

/** gRPC's own words for its codes, as far as people meet them. */
const grpcWords: Readonly<Record<number, string>> = {
  4: 'it did not answer within time',
  5: 'it knows no such namespace or run',
  7: 'permission denied',
  14: 'it cannot be reached',
  16: 'it rejected the credentials',
};

/**
 * Any error of a command as an ending for people: a failure of the errors' table, a Temporal server that is not there
 * or says no, an interrupted question. What is none of these is a bug, and is answered as it is.
 */
export async function asEnding(error: unknown, io: Pick<Io, 'env'>): Promise<unknown> {
  if (error instanceof CliError) return error;
  if (error instanceof ApplicationFailure) return (await import('./read-failure.ts')).readFailure(error);
  if (error instanceof TemporalError) return noTemporal(error);
  const { name, code, cause } = error as { name?: string; code?: unknown; cause?: unknown };
  if (name === 'AbortError') return new CliError(exit.declined, 'declined; nothing was touched');
  const grpc = [error, cause].find((one) => typeof (one as { code?: unknown } | undefined)?.code === 'number');
  if (name !== 'ServiceError' && (grpc === undefined || typeof code !== 'number')) return error;
  return temporalAnswer(grpc as { code?: number; details?: string; message?: string } | undefined, io);
}

function noTemporal({ message, fix, address }: TemporalError): CliError {
  if (address === undefined) return usageError(message, fix);
  return new CliError(exit.failed, message, fix, { code: 'UNREACHABLE', data: { server: address } });
}

async function temporalAnswer(
  grpc: { code?: number; details?: string; message?: string } | undefined,
  { env }: Pick<Io, 'env'>,
): Promise<CliError> {
  const { temporalConfig } = await import('../../temporal/client.ts');
  const { address, namespace } = temporalConfig(env);
  const word = grpcWords[grpc?.code ?? 0] ?? 'it failed';
  const said = grpc?.details || grpc?.message || '';
  return new CliError(
    exit.failed,
    `Temporal at ${address}, namespace ${namespace}: ${word}${said ? `: ${said}` : ''}`,
    [
      'check TEMPORAL_NAMESPACE, TEMPORAL_PROFILE and the other TEMPORAL_* variables',
      'if the server was only busy: the same command again',
    ],
  );
}
