import { mkdirSync, writeFileSync } from 'node:fs';
import type { LedgerEntry } from '../../../activities/core/ledger.ts';
import { tellLogs } from '../../../src/cli/commands/logs.ts';
import { chooseDisplay } from '../../../src/cli/views/display.ts';
import { checkLines, type Check } from '../../../src/cli/views/check-model.ts';
import { CliError } from '../../../src/cli/io/exit.ts';
import { type Io, processIo } from '../../../src/cli/io/io.ts';
import { planDocument, planLines } from '../../../src/cli/views/plan-model.ts';
import { errorLines } from '../../../src/cli/views/print-error.ts';
import { runCli } from '../../../src/cli/program.ts';
import { mergeStatus } from '../../../src/cli/views/merge-status.ts';
import type { StatusModel } from '../../../src/cli/views/status-model.ts';
import { statusLines } from '../../../src/cli/views/status-view.ts';
import { listed, type ListedRun, objectLines, runLines } from '../../../src/cli/views/tables.ts';
import { closingLines } from '../../../src/cli/runs/tell.ts';
import { federationPlace, hostPlace, memberPlace } from '../../../src/kubernetes/place.ts';
import { heading } from './pty.ts';
import { ago, now, type Picture, pictures } from './pictures.ts';
import { aPlanned } from '../common/planned.ts';
import { aSpec } from '../common/spec.ts';
import { standings } from '../kubernetes/standings.ts';

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
      { ...aPlanned, kind: 'Secret', name: 'federation-ca', action: 'create', fields: [], note: 'would be created' },
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

const runs: ListedRun[] = [
  ['a-federation-with-a-long-name', 'unjoin', 'rolling-back', 7_500],
  ['eu', 'up', 'completed', 90_000],
].map(([federation, operation, status, seconds]) => ({
  ...{ federation: `${federation}`, operation: `${operation}`, status: `${status}` },
  startedAt: ago(Number(seconds)),
  workflowId: `federation/${federation}`,
}));

const uid = '7f4df5c6-3c1c-4f0e-9a86-2f6b3f3b8f11';
const entry = { namespace: 'federation', uid, firstRunId: 'run', origin: 'created' } as const;
const objects: LedgerEntry[] = [
  {
    ...entry,
    place: memberPlace('member-1'),
    kind: 'ClusterRole',
    name: 'fedctl:eu:member-1',
    namespace: '',
    step: 'clusters/member-1/identity',
  },
  { ...entry, place: hostPlace, kind: 'Deployment', name: 'federation-apiserver', step: 'apiserver/deployment' },
  {
    ...entry,
    place: federationPlace,
    kind: 'Cluster',
    name: 'member-1',
    namespace: '',
    uid: '',
    step: 'clusters/member-1/register',
  },
];

const buildLog = `STEP 1/3: FROM scratch
STEP 2/3: COPY _output/hyperkube /hyperkube
STEP 3/3: ENTRYPOINT ["/hyperkube"] with a line that is wider than a narrow terminal
COMMIT registry.example:5000/hyperkube-amd64
`;

/** What commands list, one after the other. */
async function lists(): Promise<void> {
  const columns = io.resultColumns();
  for (const text of ['$ fedctl list', ...runLines(runs, now, columns), '', ...runLines([], now, columns)])
    io.result(text);
  for (const text of ['', '$ fedctl objects eu', ...objectLines(listed(objects), columns)]) io.result(text);
  io.result('\n$ fedctl logs myfederation images/build --tail 3');
  const state = '_output/show';
  mkdirSync(`${state}/builds/myfederation`, { recursive: true });
  writeFileSync(`${state}/builds/myfederation/images-build.log`, buildLog);
  const known = { ...io, env: { ...io.env, FEDCTL_STATE: state } };
  await runCli(['logs', 'myfederation', 'images/build', '--tail', '3'], known);
  io.result('\n$ fedctl logs myfederation');
  tellLogs(io, [
    {
      pod: 'federation-apiserver-7d9f-x2x',
      container: 'apiserver',
      text: 'serving on [::]:8443, a line that is longer than forty columns\n',
    },
    { pod: 'federation-apiserver-7d9f-x2x', container: 'etcd', text: '(no log: container "etcd" is waiting to start)' },
  ]);
  for (const more of [[], ['-o', 'json']]) {
    io.result(`\n$ fedctl images list -f examples/minimal.yaml ${more.join(' ')}`.trimEnd());
    await runCli(['images', 'list', '-f', 'examples/minimal.yaml', ...more], io);
  }
}

const shows: Record<string, () => unknown> = {
  lists,
  standing: () => io.result(statusLines({ ...model(pictures.joined()), standing: standings.ill }, view(io)).join('\n')),
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
    const error = new CliError(7, 'myfederation is owned by ann@laptop', ['ask ann', 'or --take-over'], about);
    for (const line of errorLines(error, io)) io.note(line);
  },
  explain: () => runCli(['explain', 'apiserver/address'], io),
  'explain-code': () => runCli(['explain', 'NO_ADDRESS'], io),
  steps: () => runCli(['explain'], io),
  help: () => runCli(['up', '--help'], io),
};

const asked = process.argv.slice(2);
for (const thing of asked) {
  if (asked.length > 1) process.stdout.write(`${heading(thing)}\n`);
  await shows[thing]?.();
}
