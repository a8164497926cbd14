import { runLink, type Temporal } from '../../temporal/client.ts';
import { exit, type ExitCode } from '../io/exit.ts';
import type { Followed } from './follow.ts';
import type { Io } from '../io/io.ts';
import { allSteps, blockedSteps, type StatusModel } from '../views/status-model.ts';
import { warningLines } from '../views/warnings.ts';

/** The last lines of a command that followed a run: what it came to, and the next commands; of a good end, what is still to do. */
export function closingLines(io: Io, federation: string, { code, model, rolledBack = false }: Followed): string[] {
  const { paint } = io;
  const lines: Partial<Record<ExitCode, () => string[]>> = {
    [exit.done]: () => (model ? [...chosenVersion(model), ...warningLines(model, paint)] : []),
    [exit.blocked]: () => [
      `${paint('yellow', 'blocked')} at ${blockedIds(model)}; the run stays open and retries by itself`,
      ...afterFix(federation, model),
    ],
    [exit.timedOut]: () => ['timed out; the run goes on', ...waysOn(federation)],
    [exit.detached]: () => ['', 'detached; the run goes on', ...waysOn(federation)],
    [exit.declined]: () =>
      rolledBack
        ? ['the run was cancelled; what it made is undone', '  fedctl up -f FILE begins again']
        : [
            'the run was cancelled; what it made is kept',
            `  fedctl up -f FILE resumes it, fedctl down ${federation} removes it`,
          ],
  };
  const failed = (): string[] => [
    `${paint('red', 'failed')}; ${rolledBack ? 'not all that the run made is undone' : 'what it made is kept'}`,
    `  fedctl status ${federation} says why; fedctl up -f FILE goes on from there`,
  ];
  return (lines[code] ?? failed)();
}

/** Which version `newest` came to, where the spec left that to the registry. */
const chosenVersion = (model: StatusModel): string[] =>
  allSteps(model).flatMap(({ id, detail }) =>
    id === 'preflight/images' && detail?.startsWith('the newest ') ? [`images: ${detail}`] : [],
  );

const blockedIds = (model: StatusModel | undefined): string =>
  (model ? blockedSteps(model).map((step) => step.id) : []).join(', ') || 'a step';

const afterFix = (federation: string, model: StatusModel | undefined): string[] => [
  `  after the fix:  fedctl retry ${federation}`,
  ...(model
    ? blockedSteps(model)
        .slice(0, 1)
        .map((step) => `  what it does:   fedctl explain ${step.id}`)
    : []),
  `  watch it:       fedctl status ${federation} --watch`,
];

const waysOn = (federation: string): string[] => [
  `  watch it:  fedctl status ${federation} --watch`,
  `  stop it:   fedctl cancel ${federation}`,
];

/** `Temporal UI: <address>`, when the UI's address is known. */
export function linkLine(temporal: Temporal, workflowId: string, runId: string | undefined): string[] {
  const link = runLink(temporal, workflowId, runId);
  return link ? [`Temporal UI: ${link}`] : [];
}
