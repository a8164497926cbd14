import { Context } from '@temporalio/activity';

/** What an activity uses of the world it runs in: Temporal's worker, or the CLI's own process (worker/local.ts). */
export interface ActivityContext {
  /** Aborts when the activity is cancelled or its worker shuts down. */
  signal: AbortSignal;
  /** When the activity was scheduled the first time, ms since 1970: attempts of other workers count. */
  scheduledAt: number;
  heartbeat(detail: string): void;
  /** Says again what was said last, so that Temporal knows the activity alive. */
  beat(): void;
}

/** What each running activity said last. */
const said = new WeakMap<Context, string>();

const outside: ActivityContext = {
  signal: new AbortController().signal,
  scheduledAt: 0,
  heartbeat: () => {},
  beat: () => {},
};

/** The current activity's context; outside of a worker one that is never cancelled and tells nobody. */
export function currentContext(): ActivityContext {
  let context: Context;
  try {
    context = Context.current();
  } catch {
    return { ...outside, scheduledAt: Date.now() };
  }
  return {
    signal: context.cancellationSignal,
    scheduledAt: context.info.scheduledTimestampMs,
    heartbeat: (detail) => {
      said.set(context, detail);
      context.heartbeat(detail);
    },
    beat: () => context.heartbeat(said.get(context) ?? ''),
  };
}
