import { chooseDisplay } from '../../src/cli/display.ts';
import { checkLines, type Check } from '../../src/cli/check-model.ts';
import { CliError } from '../../src/cli/exit.ts';
import { type Io, processIo } from '../../src/cli/io.ts';
import { planDocument, planLines } from '../../src/cli/plan-model.ts';
import { errorLines } from '../../src/cli/print-error.ts';
import { runCli } from '../../src/cli/program.ts';
import { mergeStatus, type StatusModel } from '../../src/cli/status-model.ts';
import { statusLines } from '../../src/cli/status-view.ts';
import { closingLines } from '../../src/cli/tell.ts';
import { now, type Picture, pictures } from './pictures.ts';
import { aPlanned } from './planned.ts';
import { aSpec } from './spec.ts';

/** Prints, on whatever this process stands on, what fedctl prints of a fixed picture: for terminal.test.ts. */
const io = processIo();

const model = ({ parent, children }: Picture): StatusModel => {
  const merged = mergeStatus(parent, children, { context: 'federation-cluster', zone: 'federation.example.' });
  if (!merged) throw new Error('a picture without a state');
  return merged;
};
const view = (io: Io) => ({ columns: io.size().columns, now, paint: io.paintResult });

function follow(output: 'table' | 'jsonl'): void {
  const display = chooseDisplay(io, output, () => now);
  display.update(model(pictures.running()));
  display.note('no worker polls task queue fedctl (Temporal at 127.0.0.1:7233); the run waits');
  const blocked = model(pictures.blocked());
  display.update(blocked);
  display.end();
  for (const line of closingLines(io, 'myfederation', { code: 6, model: blocked, runId: 'run' })) io.note(line);
}

const checks: Check[] = [
  {
    id: 'preflight/host',
    category: 'host cluster',
    title: 'Host cluster checked',
    result: 'ok',
    message: null,
    fix: [],
  },
  {
    id: 'preflight/members',
    category: 'member clusters',
    title: 'Member clusters checked',
    result: 'warning',
    message: 'member-2: https://10.88.0.1:32767 cannot be reached: ECONNREFUSED',
    fix: ['a member that is down delays only itself'],
  },
  {
    id: 'preflight/images',
    category: 'images',
    title: 'Check the images',
    result: 'error',
    message: 'registry.example:5000/hyperkube-amd64:v9 is not there: manifest unknown (IMAGE_NOT_FOUND)',
    fix: ['correct images.*.version', 'push it'],
  },
];

const plan = planDocument(
  {
    federation: 'myfederation',
    specDigest: 'sha256:1',
    objects: [
      { ...aPlanned, kind: 'Role', name: 'federation-controller-manager', fields: [], note: null },
      { ...aPlanned, kind: 'Secret', name: 'federation-ca', action: 'create', fields: [], note: 'would be made' },
      {
        ...aPlanned,
        cluster: 'member-1',
        kind: 'Deployment',
        namespace: 'kube-system',
        name: 'kube-dns',
        action: 'update',
        fields: [{ path: 'spec.template.args[2]', from: null, to: '--federations=myfederation=federation.example' }],
        note: null,
      },
    ],
    obstacles: [],
  },
  {
    host: { context: 'host', namespace: 'federation' },
    spec: aSpec(),
    flags: { prune: false, adopt: false, takeOwnership: false },
  },
);

const shows: Record<string, () => unknown> = {
  follow: () => follow('table'),
  events: () => follow('jsonl'),
  status: () => io.result(statusLines(model(pictures.blocked()), view(io)).join('\n')),
  fleet: () => io.result(statusLines(model(pictures.fleet()), view(io)).join('\n')),
  check: () =>
    io.result(
      checkLines({ federation: 'myfederation', ok: false, checks }, io.size().columns, io.paintResult).join('\n'),
    ),
  plan: () => io.result(planLines(plan, io.size().columns, { paint: io.paintResult, all: true }).join('\n')),
  error: () => {
    const about = { code: 'OWNED_ELSEWHERE' };
    const error = new CliError(7, 'myfederation is held by ann@laptop', ['ask ann', 'or --take-over'], about);
    for (const line of errorLines(error, io)) io.note(line);
  },
  explain: () => runCli(['explain', 'apiserver/address'], io),
  'explain-code': () => runCli(['explain', 'NO_ADDRESS'], io),
  steps: () => runCli(['explain'], io),
  help: () => runCli(['up', '--help'], io),
};

await shows[process.argv[2] ?? '']?.();
