import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { TemporalError } from './error.ts';

/** How long to try to reach Temporal, ms. */
const connectMs = 5_000;
/** Where a Temporal server is when nothing says otherwise (envconfig's own default), and its Web UI then. */
const defaultAddress = 'localhost:7233';
const defaultUi = 'http://127.0.0.1:8233';

/** The Temporal server that TEMPORAL_* variables or the profile file name. */
export interface Temporal {
  client: Client;
  connection: Connection;
  address: string;
  namespace: string;
  /** Base address of the Web UI; null when nothing tells it. */
  ui: string | null;
}

/** Where Temporal is, by TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE, TEMPORAL_ADDRESS and so on. Throws TemporalError. */
export function temporalConfig(env: NodeJS.ProcessEnv) {
  try {
    const strings = Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({ overrideEnvVars: strings });
    const address = connectionOptions.address ?? defaultAddress;
    return { connectionOptions: { ...connectionOptions, address }, address, namespace, ui: uiOf(address, env) };
  } catch (error) {
    throw new TemporalError(`the Temporal configuration cannot be read: ${(error as Error).message}`, [
      'check TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE and the other TEMPORAL_* variables',
    ]);
  }
}

/** Whether commands of this environment go to the server at this address of loopback. */
export function connectsTo(env: NodeJS.ProcessEnv, address: string): boolean {
  const { address: named, namespace, connectionOptions } = temporalConfig(env);
  return named.replace(/^localhost:/, '127.0.0.1:') === address && namespace === 'default' && !connectionOptions.tls;
}

/** FEDCTL_TEMPORAL_UI, else the dev server's Web UI when the server stands where a dev server does. */
function uiOf(address: string, env: NodeJS.ProcessEnv): string | null {
  const said = env['FEDCTL_TEMPORAL_UI'];
  if (said) return said.replace(/\/+$/, '');
  return /^(localhost|127\.0\.0\.1|\[::1\]):7233$/.test(address) ? defaultUi : null;
}

/** Connects. Throws TemporalError that names the address and how to get a server. */
export async function connectTemporal(env: NodeJS.ProcessEnv): Promise<Temporal> {
  const { connectionOptions, address, namespace, ui } = temporalConfig(env);
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: connectMs });
    return { client: new Client({ connection, namespace }), connection, address, namespace, ui };
  } catch (error) {
    throw unreachable(address, error);
  }
}

/** Temporal does not answer: what was tried, and the ways to get one. */
export function unreachable(address: string, cause: unknown): TemporalError {
  const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  return new TemporalError(
    `no Temporal server answers at ${address}: ${why}`,
    [
      'in the sandbox: eval "$(fedctl sandbox env)"',
      'one of your own on this machine: fedctl worker --dev-server',
      'another server: set TEMPORAL_ADDRESS, or TEMPORAL_PROFILE',
    ],
    address,
  );
}

/** Address of a run in the Web UI; null when the UI's address is not known. */
export function runLink(
  temporal: Pick<Temporal, 'ui' | 'namespace'>,
  workflowId: string,
  runId?: string,
): string | null {
  if (!temporal.ui) return null;
  const run = runId ? `/${runId}/history` : '';
  return `${temporal.ui}/namespaces/${encodeURIComponent(temporal.namespace)}/workflows/${encodeURIComponent(workflowId)}${run}`;
}
