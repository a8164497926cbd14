import { runLink, type Temporal } from './client.ts';
import { exit, type ExitCode } from './exit.ts';
import type { Followed } from './follow.ts';
import type { Io } from './io.ts';
import { blockedSteps, type StatusModel } from './status-model.ts';

/** The last lines of a command that followed a run: what it came to, and the next commands. */
export function closingLines(io: Io, federation: string, followed: Followed): string[] {
  const { code, model } = followed;
  const { paint } = io;
  switch (code) {
    case exit.done:
      return [];
    case exit.blocked:
      return [
        `${paint('yellow', 'blocked')} at ${blockedIds(model)}; nothing is lost, the run looks again by itself`,
        ...afterFix(federation, model),
      ];
    case exit.timedOut:
      return [`the time is over; the run goes on`, ...waysOn(federation)];
    case exit.detached:
      return ['', `detached; the run goes on`, ...waysOn(federation)];
    case exit.declined:
      return [
        `the run was cancelled; what stands is kept`,
        `  fedctl up -f FILE resumes it, fedctl down ${federation} removes it`,
      ];
    default:
      return [
        `${paint('red', 'failed')}; what stands is kept`,
        `  fedctl status ${federation} says why; fedctl up -f FILE goes on from there`,
      ];
  }
}

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

/** An exit code for JSON documents. */
export const endingWord: Partial<Record<ExitCode, string>> = {
  [exit.done]: 'completed',
  [exit.failed]: 'failed',
  [exit.blocked]: 'blocked',
  [exit.timedOut]: 'running',
  [exit.detached]: 'running',
  [exit.declined]: 'cancelled',
};
