import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CoreV1Api, type KubeConfig, type V1Container, type V1Pod, type V1Volume } from '@kubernetes/client-node';

/** What the kubelet needs to know of its node. */
export interface Node {
  /** For pods' files and logs. */
  folder: string;
  /** Programs in place of images, by the first word of a container's command. */
  programs: Readonly<Record<string, string>>;
  /** Where pods find the API of their cluster, and the CA that it is known by. */
  server: URL;
  caFile: string;
}

/** ms before a container that ended is started again. */
const restartMs = 500;
/** Ports of etcd, on loopback of its pod; here every pod has an address instead of a loopback of its own. */
const inPod = /(localhost|127\.0\.0\.1):2379/g;

/** The containers of one pod, as processes that come back until the pod is gone. */
class RunningPod {
  readonly #children = new Set<ChildProcess>();
  #gone = false;

  async start(container: { name: string; argv: string[]; env: NodeJS.ProcessEnv; log: string }): Promise<void> {
    if (this.#gone) return;
    const [program = '', ...args] = container.argv;
    const log = await open(container.log, 'a');
    const child = spawn(program, args, { stdio: ['ignore', log.fd, log.fd], env: container.env });
    this.#children.add(child);
    child.once('close', () => {
      this.#children.delete(child);
      void log.close();
      setTimeout(() => void this.start(container), restartMs);
    });
  }

  end(): void {
    this.#gone = true;
    for (const child of this.#children) child.kill('SIGKILL');
  }
}

/**
 * Plays kubelet for the two Deployments of a federation's control plane, whose pods kwok only simulates: starts what
 * their containers say as processes, with the Secrets and the volume of the pod, at the address of the Service.
 */
export class Kubelet {
  readonly #api: CoreV1Api;
  readonly #node: Node;
  readonly #pods = new Map<string, RunningPod>();

  constructor(config: KubeConfig, node: Node) {
    this.#api = config.makeApiClient(CoreV1Api);
    this.#node = node;
  }

  /** Starts what is new and ends what is gone. */
  async serve(): Promise<void> {
    const { items } = await this.#api.listPodForAllNamespaces({
      labelSelector: 'module in (federation-apiserver,federation-controller-manager)',
    });
    const live = items.filter(({ metadata, status }) => status?.phase === 'Running' && !metadata?.deletionTimestamp);
    const uids = new Set(live.map(({ metadata }) => metadata?.uid ?? ''));
    for (const [uid, pod] of this.#pods) {
      if (uids.has(uid)) continue;
      pod.end();
      this.#pods.delete(uid);
    }
    for (const pod of live) if (!this.#pods.has(pod.metadata?.uid ?? '')) await this.#start(pod);
  }

  async #start(pod: V1Pod): Promise<void> {
    const { uid = '', namespace = '' } = pod.metadata ?? {};
    const service = await this.#api.readNamespacedService({ name: 'federation-apiserver', namespace });
    const address = service.status?.loadBalancer?.ingress?.[0]?.ip;
    if (!address) return;
    const folder = join(this.#node.folder, uid);
    const volumes = new Map<string, string>();
    for (const volume of pod.spec?.volumes ?? []) {
      volumes.set(volume.name, await this.#mount(namespace, volume, join(folder, volume.name)));
    }
    const account = pod.spec?.automountServiceAccountToken === false ? {} : await this.#account(pod, folder);
    const running = new RunningPod();
    this.#pods.set(uid, running);
    for (const container of pod.spec?.containers ?? []) {
      const argv = this.#argvOf(container, volumes, address);
      const log = join(folder, `${container.name}.log`);
      await running.start({ name: container.name, argv, env: { ...process.env, ...account }, log });
    }
  }

  /** Puts a volume's files there; answers its folder. */
  async #mount(namespace: string, { secret, persistentVolumeClaim }: V1Volume, folder: string): Promise<string> {
    if (persistentVolumeClaim) {
      const name = persistentVolumeClaim.claimName;
      const claim = await this.#api.readNamespacedPersistentVolumeClaim({ name, namespace });
      const volume = await this.#api.readPersistentVolume({ name: claim.spec?.volumeName ?? '' });
      return volume.spec?.hostPath?.path ?? '';
    }
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!secret?.secretName) return folder;
    const { data = {} } = await this.#api.readNamespacedSecret({ name: secret.secretName, namespace });
    for (const [key, base64] of Object.entries(data)) {
      await writeFile(join(folder, key), Buffer.from(base64, 'base64'), { mode: 0o600 });
    }
    return folder;
  }

  /** The pod's ServiceAccount, where the stand-in looks for it outside of a pod. */
  async #account(pod: V1Pod, folder: string): Promise<NodeJS.ProcessEnv> {
    const { namespace = '' } = pod.metadata ?? {};
    const name = pod.spec?.serviceAccountName ?? 'default';
    const body = { spec: { audiences: [], expirationSeconds: 86_400 } };
    const { status } = await this.#api.createNamespacedServiceAccountToken({ name, namespace, body });
    const account = join(folder, 'account');
    await mkdir(account, { recursive: true, mode: 0o700 });
    await writeFile(join(account, 'token'), status?.token ?? '', { mode: 0o600 });
    await writeFile(join(account, 'ca.crt'), await readFile(this.#node.caFile));
    return {
      KUBERNETES_SERVICE_HOST: this.#node.server.hostname,
      KUBERNETES_SERVICE_PORT: this.#node.server.port,
      POD_NAMESPACE: namespace,
      STANDIN_SERVICE_ACCOUNT_DIR: account,
    };
  }

  #argvOf(container: V1Container, volumes: ReadonlyMap<string, string>, address: string): string[] {
    const [program = '', ...words] = container.command ?? [];
    const mounts = container.volumeMounts ?? [];
    const here = (text: string): string =>
      mounts
        .reduce((path, { name, mountPath }) => path.replace(`=${mountPath}/`, `=${volumes.get(name)}/`), text)
        .replace(inPod, `${address}:2379`);
    const args = [...words, ...(container.args ?? [])].map(here);
    // Of a flag that stands twice the last counts.
    return [this.#node.programs[program] ?? program, ...args, ...ofAddress(container.name, address)];
  }
}

/** What differs for a pod whose network is the machine's: it listens at an address of its own. */
function ofAddress(container: string, address: string): string[] {
  const peer = `http://${address}:2380`;
  const flags: Record<string, string[]> = {
    apiserver: [`--bind-address=${address}`, '--secure-port=443'],
    etcd: [
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--unsafe-no-fsync',
    ],
    'controller-manager': [`--master=https://${address}`, `--address=${address}`],
  };
  return flags[container] ?? [];
}
