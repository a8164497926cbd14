import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import type { BuildScope } from '../core/step.ts';

/** The machine's name as part of a task queue's. */
const placeOf = (host: string): string =>
  host
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40);

/**
 * Who builds on this machine: `<host>-<8 hex>`, made once and kept in the state folder, beside what it built. Steps that
 * need that are sent to it by this name. An id that was made on a machine of another name came with a copied folder,
 * and is made anew.
 */
export async function builderId(stateFolder: string, host = hostname()): Promise<string> {
  const file = join(stateFolder, 'builder');
  const prefix = `${placeOf(host)}-`;
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  for (;;) {
    const known = await readFile(file, 'utf8').catch(() => '');
    const id = known.trim();
    if (id.startsWith(prefix) && /^[0-9a-f]{8}$/.test(id.slice(prefix.length))) return id;
    if (known !== '') await rm(file, { force: true });
    await makeOnce(file, `${prefix}${randomBytes(4).toString('hex')}\n`);
  }
}

/** Two workers of one folder may start at once: the first link stands, and both read it. */
async function makeOnce(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, text, { mode: 0o600 });
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft, { force: true });
}

/** Runs one build at a time; whoever waits says so, in the order of coming. Throws cancellations. */
export type BuildSlot = <T>(scope: BuildScope, act: () => Promise<T>) => Promise<T>;

/**
 * The one slot of a worker's machine: a build takes all its cores. Both queues of a builder share it, so a queue's own
 * limit cannot be it.
 */
export function buildSlot(): BuildSlot {
  let holder = '';
  let last: Promise<void> = Promise.resolve();
  return async (scope, act) => {
    const { promise: mine, resolve: giveBack } = Promise.withResolvers<void>();
    const before = last;
    last = before.then(() => mine);
    try {
      if (holder !== '') scope.tell(`waits for another build of this worker (${holder})`);
      await Promise.race([before, aborted(scope.signal)]);
      holder = `${scope.run.federation} ${scope.step}`;
      try {
        return await act();
      } finally {
        holder = '';
      }
    } finally {
      giveBack();
    }
  };
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void =>
      reject(signal.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure('cancelled'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
