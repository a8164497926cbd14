import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { Connection } from '@temporalio/client';
import { findProgram } from '../helpers/common/programs.ts';
import { devServerArguments } from '../../src/temporal/dev-server.ts';
import { eventually, layout, type Operator } from './world.ts';

/** A Temporal server of one operator alone, which a test may kill and rob of its database. */
export class OwnTemporal {
  readonly #file: string;
  /** Beside the sandbox's own ports. */
  readonly #port = layout.temporal.port + 40;
  #server: ChildProcess | undefined;

  constructor(operator: Operator) {
    this.#file = operator.path('own-temporal.db');
  }

  /** What leads an operator here. */
  get env(): NodeJS.ProcessEnv {
    return { TEMPORAL_ADDRESS: `127.0.0.1:${this.#port}`, TEMPORAL_CONFIG_FILE: '', TEMPORAL_PROFILE: '' };
  }

  async start(): Promise<void> {
    const args = devServerArguments(this.#file, this.#port, this.#port + 1);
    this.#server = spawn(findProgram('temporal'), args, { stdio: 'ignore' });
    await eventually(async () => {
      const connection = await Connection.connect({ address: `127.0.0.1:${this.#port}`, connectTimeout: 500 });
      return connection.workflowService
        .describeNamespace({ namespace: 'default' })
        .finally(() => void connection.close());
    }, 'the own Temporal server answers');
  }

  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  /** Nothing of any run is left. */
  async loseDatabase(): Promise<void> {
    await this.kill();
    for (const suffix of ['', '-shm', '-wal']) await rm(`${this.#file}${suffix}`, { force: true });
  }
}
