import type { PlanToFollow } from '../../catalogue/planned.ts';
import type { RunInput } from '../../run/input.ts';
import type { Temporal } from '../../temporal/client.ts';
import { taskQueueOf } from '../../temporal/task-queue.ts';
import { action, examples, parseOutput, type Cli, type Configure, type Output } from '../io/command.ts';
import { exit, usageError, type ExitCode } from '../io/exit.ts';
import { whoAmI } from '../io/who-am-i.ts';
import type { Followed } from '../runs/follow.ts';
import type { SpecFile } from '../files/spec-file.ts';
import type { StartedRun } from '../runs/start-run.ts';

interface Options {
  file?: string;
  output: Output;
  detach?: boolean;
  timeout?: number;
  cancelFirst?: boolean;
  takeOver?: boolean;
  takeOwnership?: boolean;
  adopt?: boolean;
  prune?: boolean;
  plan?: string;
  yes?: boolean;
}

/** Reads `--timeout`: `30s`, `10m`. */
export async function parseTimeout(value: string | undefined): Promise<number | undefined> {
  if (value === undefined) return undefined;
  const { parseDuration } = await import('../../spec/duration.ts');
  const ms = parseDuration(value);
  if (!ms) throw usageError(`--timeout ${value}: not a duration like 30s or 10m`);
  return ms;
}

/** `fedctl up`: starts a turn-up, or attaches to the open one, and follows it. */
export const configureUp: Configure = (command, cli) => {
  command
    .option('-f, --file <file>', 'the federation.yaml, or - for stdin')
    .option(
      '-o, --output <format>',
      'table, json, yaml or jsonl',
      (value) => parseOutput(value, ['jsonl']),
      'table' as Output,
    )
    .option('--plan <file>', 'do exactly what this plan says (fedctl plan -o json)')
    .option('-y, --yes', 'on a terminal: neither show a plan nor ask')
    .option('-d, --detach', 'start the run and return at once')
    .option('--timeout <duration>', 'follow at most this long; the run goes on (exit 4)')
    .option('--cancel-first', 'end an open run of another spec first; what stands is kept')
    .option('--take-over', 'become the owner though another run holds the federation')
    .option('--take-ownership', 'take fields that another field manager owns')
    .option('--prune', 'members that stand but are not in the file leave')
    .option('--adopt', 'take objects that are there already and not ours')
    .addHelpText(
      'after',
      examples([
        'fedctl up -f federation.yaml',
        'fedctl up -f federation.yaml --detach',
        'fedctl up --plan plan.json',
        'fedctl up -f - -o json < federation.yaml',
      ]),
    )
    .action(
      action(cli, async ({ timeout, ...options }: Omit<Options, 'timeout'> & { timeout?: string }) => {
        const timeoutMs = await parseTimeout(timeout);
        return up(cli, { ...options, ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }) });
      }),
    );
};

async function up(cli: Cli, options: Options): Promise<ExitCode> {
  const { io } = cli;
  const { askedFor, agreedPlan } = await import('../runs/ask-up.ts');
  const { file: spec, flags, follow } = await askedFor(io, options);
  const [{ connectTemporal }, { startRun }] = await Promise.all([
    import('../../temporal/client.ts'),
    import('../runs/start-run.ts'),
  ]);
  const { assertValues } = await import('../runs/operator-files.ts');
  await assertValues(io, spec.spec);
  const temporal = await connectTemporal(io.env);
  const taskQueue = taskQueueOf(io.env);
  const { assertFree } = await import('../reads/lock.ts');
  await assertFree(io, temporal, { ...spec, takeOver: options.takeOver ?? false });
  const plan = follow ?? (await agreedPlan(io, temporal, spec, options));
  const started = await startRun(temporal, inputOf(spec, { ...options, ...flags }, plan), memoOf(spec), {
    taskQueue,
    cancelFirst: options.cancelFirst ?? false,
  });
  await announce(cli, temporal, started);
  if (options.detach) return detached(cli, spec.federation, started);
  const followed = await followRun(cli, temporal, spec, { taskQueue, started, options });
  return finish(cli, temporal, spec, followed, options.output);
}

function inputOf(spec: SpecFile, options: Options, plan: PlanToFollow | undefined): RunInput {
  return {
    operation: 'up',
    federation: spec.federation,
    uuid: crypto.randomUUID(),
    startedBy: whoAmI(),
    host: spec.host,
    digest: spec.digest,
    spec: spec.spec,
    ...(options.takeOver ? { takeOver: true } : {}),
    ...(options.takeOwnership ? { takeOwnership: true } : {}),
    ...(options.adopt ? { adopt: true } : {}),
    ...(options.prune ? { prune: true } : {}),
    ...(plan ? { plan } : {}),
  };
}

const memoOf = ({ host, spec }: SpecFile) => ({
  host,
  context: spec.kubeconfig.context,
  ...(spec.dns ? { zone: spec.dns.zone } : {}),
});

async function announce({ io }: Cli, temporal: Temporal, started: StartedRun): Promise<void> {
  const { linkLine } = await import('../runs/tell.ts');
  io.note(
    started.fresh
      ? `run ${started.workflowId} started`
      : `run ${started.workflowId} is open with the same spec: attached to it`,
  );
  for (const line of linkLine(temporal, started.workflowId, started.runId)) io.note(line);
}

function detached({ io }: Cli, federation: string, started: StartedRun): ExitCode {
  io.result(started.workflowId);
  io.note(`the run goes on by itself; watch it: fedctl status ${federation} --watch`);
  return exit.done;
}

interface Following {
  taskQueue: string;
  started: StartedRun;
  options: Options;
}

async function followRun(
  { io }: Cli,
  temporal: Temporal,
  spec: SpecFile,
  { taskQueue, started, options }: Following,
): Promise<Followed> {
  const [{ follow }, { interruption }] = await Promise.all([
    import('../runs/follow.ts'),
    import('../io/interruption.ts'),
  ]);
  return follow(io, {
    temporal,
    workflowId: started.workflowId,
    taskQueue,
    known: { context: spec.spec.kubeconfig.context, zone: spec.spec.dns?.zone },
    output: options.output,
    timeoutMs: options.timeout,
    detach: interruption(['SIGINT']),
  });
}

/** The operator's files, then what it came to and the next commands. */
async function finish(
  { io }: Cli,
  temporal: Temporal,
  spec: SpecFile,
  followed: Followed,
  output: Output,
): Promise<ExitCode> {
  const [{ closingLines, linkLine }, { writeOperatorFiles }] = await Promise.all([
    import('../runs/tell.ts'),
    import('../runs/operator-files.ts'),
  ]);
  const done = followed.code === exit.done;
  const files = done ? await writeOperatorFiles(io, spec.host, spec.spec) : { lines: [] };
  const lines = done ? await doneLines(spec, followed, files.lines) : [];
  for (const line of [...closingLines(io, spec.federation, followed), ...lines]) io.note(line);
  if (followed.code === exit.done)
    for (const line of linkLine(temporal, `federation/${spec.federation}`, followed.runId)) io.note(line);
  const [{ printFollowed }, { hasChanged }] = await Promise.all([
    import('../views/status-document.ts'),
    import('../views/changed.ts'),
  ]);
  await printFollowed(io, output, followed.model, followed.model ? { changed: hasChanged(followed.model) } : {});
  if (files.failed) throw files.failed;
  return followed.code;
}

async function doneLines(spec: SpecFile, followed: Followed, written: readonly string[]): Promise<string[]> {
  const { upSentence } = await import('../views/changed.ts');
  const { context } = spec.spec.kubeconfig;
  return [
    upSentence(spec.federation, followed.model),
    ...written,
    'next:',
    `  kubectl --context=${context} get clusters`,
    `  kubectl --context=${spec.host.context} --namespace=${spec.host.namespace} get deployments`,
    `  fedctl status ${spec.federation}`,
  ];
}
