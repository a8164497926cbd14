import type { KubeClients } from '../clients/kube/port.ts';
import type { DistributionTable } from '../../src/distributions/table.ts';
import type { Resolver } from '../clients/dns/resolver.ts';

/** What Temporal knows of a run; for the Lease: may its owner be replaced? */
export interface RunDirectory {
  /** UUID of the Temporal namespace the worker serves: tells one Temporal server from another. */
  namespaceUuid(): Promise<string>;
  /** True while an execution of this chain is open on that server. */
  isOpen(workflowId: string, firstRunId: string): Promise<boolean>;
}

/** Structured log of the worker (pino). Never pass secrets. */
export interface Log {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
}

/** Everything that activities reach the world through. Tests pass fakes of the HTTP side, never of these modules. */
export interface Deps {
  kube: KubeClients;
  resolver: Resolver;
  runs: RunDirectory;
  log: Log;
  /** Environment of the worker: credentials by reference are resolved with it. */
  env: NodeJS.ProcessEnv;
  /** Folder of the worker's own files: build logs, build locks. */
  stateFolder: string;
  /** What a run's distribution is looked up in; absent: the table of src/distributions. */
  distributions?: DistributionTable | undefined;
}
