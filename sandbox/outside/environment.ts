import { delimiter, dirname, join } from 'node:path';
import { containerStorage } from '../container-storage.ts';
import { dnsKeyFile } from '../inside/dns.ts';
import type { Settings } from '../settings.ts';

/** What a shell, the worker and the guide's own commands need to work with a sandbox. */
export async function environmentOf(
  { layout, programs }: Settings,
  env: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  const { state, temporal } = layout;
  const folders = [...new Set(['kubectl', 'temporal'].map((name) => dirname(programs[name] ?? '')))];
  const path = (env['PATH'] ?? '').split(delimiter).filter((folder) => !folders.includes(folder));
  return {
    FEDCTL_SANDBOX: String(layout.id),
    KUBECONFIG: join(state, 'kubeconfig'),
    KUBECACHEDIR: join(state, 'kubectl-cache'),
    TEMPORAL_CONFIG_FILE: join(state, 'temporal.toml'),
    TEMPORAL_PROFILE: 'sandbox',
    FEDCTL_TEMPORAL_UI: `http://127.0.0.1:${temporal.uiPort}`,
    FEDCTL_STATE: join(state, 'fedctl'),
    FEDERATION_OUTPUT_ROOT: join(state, 'output'),
    PDNS_API_URL: layout.dnsApi,
    PDNS_API_KEY_FILE: dnsKeyFile(state),
    ...(await containerStorage(layout)),
    PATH: [...folders, ...path].join(delimiter),
  };
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Lines for `eval` of a POSIX shell. */
export const exportLines = (variables: Record<string, string>): string[] =>
  Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
