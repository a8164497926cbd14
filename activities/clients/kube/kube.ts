import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { fromBase64, secretText } from '../../kit/secret-text.ts';
import type { ClusterRef, HostRef } from '../../../src/catalogue/call.ts';
import { kubeconfigFiles } from '../../../src/files/kubeconfig.ts';
import { failure } from '../../kit/fail.ts';
import type { ContextFacts } from '../../../src/kubernetes/context.ts';
import type { Kube, KubeClients } from './port.ts';
import { requestTimeoutMs } from '../../kit/deadline.ts';
import { kubeOver } from './api.ts';
import { exchangeOver } from './forward.ts';
import { senderOf } from './http.ts';

function loadFiles(ref: ClusterRef, env: NodeJS.ProcessEnv): KubeConfig {
  const paths = ref.kubeconfig ? [ref.kubeconfig] : kubeconfigFiles(env);
  const merged = new KubeConfig();
  for (const path of paths) {
    const one = new KubeConfig();
    try {
      one.loadFromFile(path);
    } catch (error) {
      // As kubectl does: the variable may list files that are not there, or not yet.
      if (!ref.kubeconfig && env['KUBECONFIG'] && (error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw failure('CONTEXT_NOT_FOUND', `cannot read kubeconfig ${path}: ${(error as Error).message}`, {
        context: ref.context,
      });
    }
    mergeInto(merged, one);
  }
  return merged;
}

/** As kubectl merges: the first file that names an entry wins. */
function mergeInto(merged: KubeConfig, one: KubeConfig): void {
  const fresh = <T extends { name: string }>(have: T[], more: T[]): T[] => [
    ...(have ?? []),
    ...(more ?? []).filter((entry) => !(have ?? []).some((other) => other.name === entry.name)),
  ];
  merged.clusters = fresh(merged.clusters, one.clusters);
  merged.users = fresh(merged.users, one.users);
  merged.contexts = fresh(merged.contexts, one.contexts);
}

/** A KubeConfig of its own with just this context current. Read at each use: it may be fixed while a step is parked. */
function frozen(ref: ClusterRef, env: NodeJS.ProcessEnv): KubeConfig {
  const config = loadFiles(ref, env);
  const context = config.getContextObject(ref.context);
  const where = ref.kubeconfig ?? env['KUBECONFIG'] ?? '~/.kube/config';
  if (!context) {
    const names = config.getContexts().map(({ name }) => name);
    const known = names.length > 0 ? names.slice(0, 20).join(', ') : 'none';
    throw failure('CONTEXT_NOT_FOUND', `no context ${ref.context} in ${where}; contexts there: ${known}`, {
      context: ref.context,
    });
  }
  config.setCurrentContext(ref.context);
  const problem = unusable(config);
  if (problem)
    throw failure('CONTEXT_NOT_FOUND', `context ${ref.context} in ${where} ${problem}`, { context: ref.context });
  return config;
}

/** Why the current context cannot be used; '' when it can. */
function unusable(config: KubeConfig): string {
  const cluster = config.getCurrentCluster();
  if (!cluster?.server) return 'names no cluster with a server';
  // client-node sends nothing in the clear unless the kubeconfig says that it may.
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify)
    return `names ${cluster.server}, plain HTTP, without insecure-skip-tls-verify: true`;
  return '';
}

function fromText(text: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(text);
  return config;
}

type ConfigUser = ReturnType<KubeConfig['getCurrentUser']>;

function kindOfUser(user: ConfigUser): ContextFacts['userKind'] {
  if (!user) return 'none';
  if (user.exec) return 'exec';
  return user.authProvider ? 'auth-provider' : 'static';
}

function factsOf(config: KubeConfig): ContextFacts {
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  const kind = kindOfUser(user);
  return {
    server: cluster?.server ?? '',
    caData: pemOf(cluster?.caData, cluster?.caFile),
    tlsServerName: cluster?.tlsServerName,
    insecureSkipTlsVerify: cluster?.skipTLSVerify ?? false,
    userKind: kind,
    user: kind === 'static' && user ? staticUser(user) : undefined,
  };
}

function pemOf(data: string | undefined, file: string | undefined): string | undefined {
  if (data) return fromBase64(data);
  return file ? readFileSync(file, 'utf8') : undefined;
}

function staticUser(user: NonNullable<ConfigUser>): NonNullable<ContextFacts['user']> {
  const certificate = pemOf(user.certData, user.certFile);
  const key = pemOf(user.keyData, user.keyFile);
  return {
    ...(user.token ? { token: user.token } : {}),
    ...(certificate ? { clientCertificateData: certificate } : {}),
    ...(key ? { clientKeyData: key } : {}),
    ...(user.username ? { username: user.username } : {}),
    ...(user.password ? { password: user.password } : {}),
  };
}

/** Clients by the kubeconfig files of this process. `timeoutMs`: what one request may take. */
export function kubeClients(env: NodeJS.ProcessEnv, timeoutMs = requestTimeoutMs): KubeClients {
  async function clientOf(load: () => KubeConfig | Promise<KubeConfig>): Promise<Kube> {
    const config = await load();
    const send = senderOf(config, { renew: async () => load(), timeoutMs });
    return { ...kubeOver(config.getCurrentCluster()?.server ?? '', send), exchange: exchangeOver(config) };
  }
  const clients: KubeClients = {
    forContext: (ref) => clientOf(() => frozen(ref, env)),
    forKubeconfig: (text) => clientOf(() => fromText(text)),
    contextFacts: async (ref) => factsOf(frozen(ref, env)),
    forSecret: (host: HostRef, name: string) =>
      clientOf(async () => {
        const kube = await clients.forContext(host);
        const ref = { apiVersion: 'v1', kind: 'Secret', name, namespace: host.namespace };
        const text = secretText(await kube.read(ref), 'kubeconfig');
        if (!text) {
          throw failure('NOT_FOUND', `Secret ${name} with key kubeconfig is not in namespace ${host.namespace}`);
        }
        return fromText(text);
      }),
  };
  return clients;
}
