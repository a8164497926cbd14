import type { PlanToFollow } from '../../catalogue/planned.ts';
import type { RunInput } from '../../run/input.ts';
import { action, examples, parseOutput, type Cli, type Configure, type Output } from '../io/command.ts';
import type { ExitCode } from '../io/exit.ts';
import { runOptionsOf, type RunFlags } from '../io/run-flags.ts';
import { whoAmI } from '../io/who-am-i.ts';
import type { SpecFile } from '../files/spec-file.ts';
import type { PlanFlags } from '../reads/make-plan.ts';
import type { Followed } from '../runs/follow.ts';
import type { StatusModel } from '../views/status-model.ts';

interface Options extends RunFlags, PlanFlags {
  file?: string;
  plan?: string;
  yes?: boolean;
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
    .option('-y, --yes', 'on a terminal: skip the plan and the confirmation')
    .option('-d, --detach', 'start the run and return at once')
    .option('--timeout <duration>', 'follow at most this long; the run goes on (exit 4)')
    .option('--cancel-first', 'cancel an open run of another spec first; its objects are kept')
    .option('--take-over', 'become the owner even if another run owns the federation')
    .option('--take-ownership', 'take fields that other field managers own')
    .option('--prune', 'unjoin members that are not in the file')
    .option('--adopt', 'adopt existing objects that are not ours')
    .addHelpText(
      'after',
      examples([
        'fedctl up -f federation.yaml',
        'fedctl up -f federation.yaml --detach',
        'fedctl up --plan plan.json',
        'fedctl up -f - -o json < federation.yaml',
      ]),
    )
    .action(action(cli, (options: Options) => up(cli, options)));
};

async function up({ io }: Cli, options: Options): Promise<ExitCode> {
  const how = await runOptionsOf(options);
  const { askedFor, agreedPlan } = await import('../runs/ask-up.ts');
  const { file, flags, follow } = await askedFor(io, options);
  const [{ connectTemporal }, { assertFree }, { startAndFollow }, { assertValues }, { endUp }, { hasChanged }] =
    await Promise.all([
      import('../../temporal/client.ts'),
      import('../reads/lock.ts'),
      import('../runs/start-run.ts'),
      import('../runs/operator-files.ts'),
      import('../runs/end-up.ts'),
      import('../views/changed.ts'),
    ]);
  await assertValues(io, file.spec);
  const temporal = await connectTemporal(io.env);
  await assertFree(io, temporal, { ...file, takeOver: options.takeOver ?? false });
  const plan = follow ?? (await agreedPlan(io, temporal, file, options));
  const { federation, host, spec } = file;
  const known = { context: spec.kubeconfig.context, ...(spec.dns ? { zone: spec.dns.zone } : {}) };
  const wanted = {
    input: inputOf(file, { ...options, ...flags }, plan),
    memo: { host, ...known },
    known,
    alike: 'with the same spec',
    detached: `the run goes on by itself; watch it: fedctl status ${federation} --watch`,
    also: (model: StatusModel) => ({ changed: hasChanged(model) }),
    atGoodEnd: (followed: Followed) => endUp(io, temporal, file, followed),
  };
  return startAndFollow(io, temporal, wanted, how);
}

function inputOf(file: SpecFile, options: Options, plan: PlanToFollow | undefined): RunInput {
  const { federation, host, digest, spec } = file;
  return {
    operation: 'up',
    federation,
    uuid: crypto.randomUUID(),
    startedBy: whoAmI(),
    host,
    digest,
    spec,
    ...(options.takeOver ? { takeOver: true } : {}),
    ...(options.takeOwnership ? { takeOwnership: true } : {}),
    ...(options.adopt ? { adopt: true } : {}),
    ...(options.prune ? { prune: true } : {}),
    ...(plan ? { plan } : {}),
  };
}
