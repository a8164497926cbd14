/**
 * A signal that is aborted by the first Ctrl-C (or another of `signals`); the second one ends the process at once.
 * `onFirst` is called with the first.
 */
export function interruption(signals: readonly NodeJS.Signals[], onFirst: () => void = () => undefined): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.kill(process.pid, 'SIGKILL');
      controller.abort();
      onFirst();
    });
  }
  return controller.signal;
}
