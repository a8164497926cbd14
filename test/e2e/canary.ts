import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { historyText, runsOf, textsIn } from './history.ts';
import { secretParts, secretsIn } from './objects.ts';
import { layout, type Operator, type Ran } from './world.ts';

/** What somebody could read who looks everywhere, by where it stood. */
type Found = [where: string, text: string][];

/** Secrets as they could stand somewhere: as they are, and in base64 as Kubernetes and Temporal keep bytes. */
const formsOf = (secret: string): string[] => [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')];

/** Where which secrets can be read; each named by its first characters alone. */
export const leaks = (secrets: readonly string[], found: Found): string[] =>
  found.flatMap(([where, text]) =>
    secrets
      .filter((secret) => formsOf(secret).some((form) => text.includes(form)))
      .map((secret) => `${where}: ${secret.slice(0, 6)}…`),
  );

/** Keeps all that one federation's operator got to see, from its first command to after its turn-down. */
export class Canary {
  readonly secrets = new Set<string>();
  readonly #operator: Operator;
  readonly #name: string;
  readonly #found: Found = [];
  #listening: Promise<void> = Promise.resolve();
  #over = false;

  constructor(operator: Operator, name: string) {
    this.#operator = operator;
    this.#name = name;
  }

  /** Keeps what a command printed. */
  kept(ran: Ran): Ran {
    this.#found.push(['output', `${ran.stdout}\n${ran.stderr}`]);
    return ran;
  }

  /** Reads every secret there is now: of the federation in all clusters, of the worker, of the operator's contexts. */
  async collect(contexts: readonly string[]): Promise<void> {
    const { env } = this.#operator;
    const files = await Promise.all(
      [env['PDNS_API_KEY_FILE'], env['KUBECONFIG']].map((file) => readFile(file ?? '', 'utf8')),
    );
    const inClusters = await Promise.all(contexts.map((context) => secretsIn(this.#operator, context, this.#name)));
    for (const secret of [files[0]!.trim(), ...secretParts(files[1]!), ...inClusters.flat()]) this.secrets.add(secret);
  }

  /** Runs every command that only reads, in every form of output; answers those that did not do well. */
  async readEverything(file: string): Promise<string[]> {
    const name = this.#name;
    const forms = ['table', 'json', 'yaml'];
    const inEveryForm = [
      ['status', name],
      ['objects', name],
      ['plan', '-f', file, '--all'],
      ['explain'],
      ['explain', 'apiserver/credentials'],
      ['list'],
    ].flatMap((command) => forms.map((form) => [...command, '-o', form]));
    const others = [
      ['status', name, '--watch', '-o', 'jsonl'],
      ['logs', name],
      ['images', 'list', '-f', file],
      ['kubeconfig', name],
    ];
    const failed: string[] = [];
    for (const command of [...inEveryForm, ...others]) {
      const { code, stderr } = this.kept(await this.#operator.fedctl(...command));
      if (code !== 0) failed.push(`${command.join(' ')}: ${code} ${stderr}`);
    }
    return failed;
  }

  /** From now on keeps what activities tell while they run: heartbeats and failures, which histories forget. */
  async listen(): Promise<void> {
    const { client, close } = await this.#operator.temporal();
    this.#listening = this.#hear(client).finally(close);
  }

  async #hear(client: Client): Promise<void> {
    while (!this.#over) {
      for (const { workflowId, runId } of await runsOf(client, this.#name).catch(() => [])) {
        // A server on a busy machine does not answer every time: it is asked again, and what was heard is counted.
        const seen = await client.workflow
          .getHandle(workflowId, runId)
          .describe()
          .catch(() => undefined);
        const told = textsIn(seen?.raw.pendingActivities).join('\n');
        if (told !== '') this.#found.push([`pending activities of ${workflowId}`, told]);
      }
      await delay(300);
    }
  }

  /** Gathers all there is by now; how many texts of each kind, and where which secrets stand in them. */
  async search(): Promise<{ counts: Record<string, number>; leaks: string[] }> {
    this.#over = true;
    await this.#listening;
    const { client, close } = await this.#operator.temporal();
    const found: Found = [...this.#found];
    try {
      for (const { workflowId, runId } of await runsOf(client, this.#name))
        found.push([`history of ${workflowId}`, await historyText(client, workflowId, runId)]);
    } finally {
      await close();
    }
    const builds = join(this.#operator.env['FEDCTL_STATE'] ?? '', 'builds', this.#name);
    const logs = [
      ...(await readdir(builds)).map((one) => join(builds, one)),
      this.#operator.path('worker.log'),
      join(layout.state, 'logs', 'temporal.log'),
    ];
    for (const log of logs) found.push([`log ${log}`, await readFile(log, 'utf8')]);
    const counts: Record<string, number> = {};
    for (const [where, text] of found) {
      const kind = where.split(' ')[0]!;
      if (text.trim() !== '') counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return { counts, leaks: leaks([...this.secrets], found) };
  }
}
