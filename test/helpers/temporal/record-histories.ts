import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { payloadsOf, textOfHistory } from './histories.ts';
import { makeRun, recordedRuns } from './recorded-runs.ts';
import { startTemporal } from './temporal.ts';

/**
 * Records one history of every kind of run, and of every workflow it started, into test/histories/NAME/, for
 * test/workflows/replay.test.ts. NAME is the first argument, else fedctl's version; an existing one is refused. Kinds
 * that follow it are recorded, and no others: for those that are new.
 */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
const [name = version, ...given] = process.argv.slice(2);
const folder = `test/histories/${name}`;
const kinds = given.length > 0 ? given : Object.keys(recordedRuns);

interface Execution {
  workflowId: string;
  runId: string;
}

/** The history's text without a path, process or name of this machine. Throws if one is left, in payloads too. */
function scrub(text: string): string {
  const clean = text.replaceAll(root, '').replaceAll(`${process.pid}@${hostname()}`, 'worker');
  for (const part of [clean, ...payloadsOf(clean)])
    for (const own of [root, hostname()]) if (part.includes(own)) throw new Error(`${own} is left in a history`);
  return clean;
}

/** Histories of an execution and of all it started, children after parents. */
async function histories(env: TestWorkflowEnvironment, { workflowId, runId }: Execution): Promise<Map<string, string>> {
  const history = await env.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const found = new Map([[`${workflowId}#${runId}`, textOfHistory(history)]]);
  for (const event of history.events ?? []) {
    const child = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution;
    if (!child) continue;
    const below = await histories(env, { workflowId: child.workflowId ?? '', runId: child.runId ?? '' });
    for (const [id, text] of below) found.set(id, text);
  }
  return found;
}

if (existsSync(folder)) throw new Error(`${folder} is there already: histories are added, never replaced`);
mkdirSync(folder, { recursive: true });
const env = await startTemporal();
try {
  for (const kind of kinds) {
    const handle = await makeRun(env, kind);
    const { runId } = await handle.describe();
    const found = await histories(env, { workflowId: handle.workflowId, runId });
    const texts = [...found.values()].map(scrub);
    texts.forEach((text, at) => writeFileSync(`${folder}/${kind}${at === 0 ? '' : `.child-${at}`}.json`, `${text}\n`));
    process.stdout.write(`${kind}: ${texts.length} histories\n`);
  }
} finally {
  await env.teardown();
}
