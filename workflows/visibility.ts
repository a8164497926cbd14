import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import { blockedOf } from '../src/run/schedule.ts';
import type { RunState } from '../src/run/state.ts';

/** Search attributes of every run; `fedctl list` and saved queries of the Web UI find runs by them. */
export const searchAttributes = {
  federation: defineSearchAttributeKey('FedctlFederation', 'KEYWORD'),
  status: defineSearchAttributeKey('FedctlStatus', 'KEYWORD'),
  phase: defineSearchAttributeKey('FedctlPhase', 'KEYWORD'),
  blockedStep: defineSearchAttributeKey('FedctlBlockedStep', 'KEYWORD'),
};

interface Mirrored {
  status: string;
  phase: string;
  blockedStep: string | null;
}

function mirrored(state: RunState): Mirrored {
  const steps = Object.values(state.steps);
  const now = steps.find((step) => step.status === 'blocked') ?? steps.find((step) => step.status === 'running');
  return { status: state.status, phase: now?.phase ?? '', blockedStep: blockedOf(state)[0] ?? null };
}

/** Writes the search attributes when they differ: each write is an event in history. */
export function mirrorState(before: RunState, after: RunState): void {
  const [was, is] = [mirrored(before), mirrored(after)];
  const phase = is.phase === '' ? was.phase : is.phase;
  if (was.status === is.status && was.blockedStep === is.blockedStep && was.phase === phase) return;
  upsertSearchAttributes([
    { key: searchAttributes.status, value: is.status },
    { key: searchAttributes.phase, value: phase },
    { key: searchAttributes.blockedStep, value: is.blockedStep },
  ]);
}
