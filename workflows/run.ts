import { type CancellationScope, log, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { MemberRef, RunContext } from '../src/catalogue/call.ts';
import type { FrozenGraph } from '../src/graph/frozen.ts';
import { renderDetails } from '../src/run/details.ts';
import type { RunInput } from '../src/run/input.ts';
import { withRunStatus } from '../src/run/schedule.ts';
import { initialState, reduce, type RunEvent, type RunState } from '../src/run/state.ts';
import type { Spec } from '../src/spec/schema.ts';
import { tellParent } from './parent.ts';
import { mirrorState, type Shown } from './visibility.ts';

/** What an operator decided about a blocked step. */
export type Decision = 'retry' | 'skip' | 'requeue';

/** One execution: its state and what people asked of it. The only mutable thing in the workflow. */
export class Run {
  state: RunState;
  graph: FrozenGraph = { steps: [], clusters: null, blockedForMs: 0, slowEveryMs: 0 };
  paused = false;
  /** Counts changes, so that the scheduler can wait for the next. */
  revision = 0;
  readonly decisions = new Map<string, Decision>();
  /** What can interrupt the quick attempts of a step. */
  readonly attempts = new Map<string, CancellationScope>();
  /** What the operator asked for, as amended; null for a turn-down. */
  spec: Spec | null = null;
  /** While the spec is being amended nothing starts. */
  amending = false;
  /** Who cancelled by Update, if anybody did. */
  cancelledBy: string | undefined;
  /** The run is being cancelled: nothing new may be taken up. */
  closing = false;
  /** Its Lease is renewed until it ends. */
  holds = false;
  /** What the run made is to be undone before it ends. */
  rollback = false;
  /** What the search attributes say: at the start what it was started with. */
  shown: Shown = { status: 'running', phase: null, blockedStep: null };
  input: Omit<RunInput, 'spec'>;
  readonly firstRunId: string;
  member: MemberRef | undefined;

  constructor(input: Omit<RunInput, 'spec'>, options: { uuid: string; firstRunId: string; member?: MemberRef }) {
    this.input = input;
    this.firstRunId = options.firstRunId;
    this.member = options.member;
    const { federation, operation } = input;
    const member = options.member ? { member: options.member.name } : {};
    this.state = initialState({ federation, operation, uuid: options.uuid, ...member });
  }

  /** Takes an event into the state and shows the new state everywhere it is mirrored. */
  apply(event: RunEvent): void {
    const before = this.state;
    this.state = withRunStatus(reduce(before, event), this.now());
    this.revision += 1;
    log.debug('run event', { event: event.type });
    setCurrentDetails(renderDetails(this.state));
    if (this.input.searchAttributes) this.shown = mirrorState(this.shown, before, this.state);
    if (!this.input.debt) tellParent(before, this.state);
  }

  /** The workflow's clock, ISO 8601. */
  now(): string {
    return new Date().toISOString();
  }

  /** What every activity of this run is told. */
  context(): RunContext {
    const { federation, startedBy, host, digest, operation, distribution } = this.input;
    const { takeOver, takeOwnership, adopt, rollback, debt } = this.input;
    return {
      federation,
      uuid: this.state.uuid,
      workflowId: workflowInfo().workflowId,
      firstRunId: this.firstRunId,
      startedBy,
      host,
      digest,
      operation,
      ...(distribution ? { distribution } : {}),
      ...(this.member ? { member: this.member } : {}),
      ...(this.holds ? { holds: true } : {}),
      ...(takeOver ? { takeOver } : {}),
      ...(takeOwnership ? { takeOwnership } : {}),
      ...(adopt ? { adopt } : {}),
      ...(debt ? { debt } : {}),
      ...(rollback || this.state.rollingBack ? { rollback: true } : {}),
    };
  }
}
