import { setTimeout as delay } from 'node:timers/promises';
import { action, examples, parseOutput, type Configure, type Output } from '../io/command.ts';
import type { Check } from '../views/check-model.ts';
import { exit, usageError } from '../io/exit.ts';
import { durationOf } from '../io/run-flags.ts';

interface Options {
  file?: string;
  output: Output;
  inCluster?: boolean;
  wait?: string | true;
}

/** ms between two looks of --wait. */
const lookEveryMs = 5_000;

/** Looks until nothing fails or it timed out; `told` hears of what is in the way when that changed. */
export async function untilWell(
  look: () => Promise<Check[]>,
  waitMs: number,
  told: (failed: Check[]) => void,
  everyMs = lookEveryMs,
): Promise<Check[]> {
  const end = Date.now() + waitMs;
  for (let said = ''; ;) {
    const checks = await look();
    const failed = checks.filter(({ result }) => result === 'error');
    const left = end - Date.now();
    if (failed.length === 0 || left <= 0) return checks;
    const now = failed.map(({ id }) => id).join();
    if (now !== said) told(failed);
    said = now;
    await delay(Math.min(everyMs, left));
  }
}

/**
 * `fedctl check`: phase preflight alone, in this process; nothing is written anywhere, but for the pod of --in-cluster,
 * which goes again.
 */
export const configureCheck: Configure = (command, cli) => {
  command
    .option('-f, --file <file>', 'the federation.yaml, or - for stdin')
    .option('--wait [duration]', 'repeat until all checks pass, at most this long (default 10m)')
    .option('--in-cluster', 'also check members and name servers from a short-lived pod in the host cluster')
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText(
      'after',
      examples([
        'fedctl check -f federation.yaml',
        'fedctl check -f federation.yaml --wait 5m',
        'fedctl check -f federation.yaml --in-cluster',
        'fedctl check -f federation.yaml -o json',
      ]),
    )
    .action(
      action(cli, async (options: Options) => {
        const { io } = cli;
        if (options.file === undefined) throw usageError('which file? give the federation.yaml with -f');
        const { wait } = options;
        const waitMs = wait === undefined ? 0 : await durationOf('--wait', wait === true ? '10m' : wait);
        io.note(`checking ${options.file}`);
        const { readSpecFile } = await import('../files/spec-file.ts');
        const file = await readSpecFile(io, options.file);
        const [{ openLocal }, { runChecks, checksInCluster }, { checkLines }, { printDocument }] = await Promise.all([
          import('../../../worker/local.ts'),
          import('../reads/run-checks.ts'),
          import('../views/check-model.ts'),
          import('../io/document.ts'),
        ]);
        const look = async (): Promise<Check[]> => {
          const found = await runChecks(openLocal(io.env), file, (check) => {
            if (io.live) io.write(`\r\u001b[2K${check.title}`);
          });
          if (io.live) io.write('\r\u001b[2K');
          return options.inCluster ? [...found, ...(await checksInCluster(openLocal(io.env), file))] : found;
        };
        const checks = await untilWell(look, waitMs, (failed) =>
          io.note(`still waiting for ${failed.map(({ id }) => id).join(', ')}`),
        );
        const document = { federation: file.federation, ok: checks.every((check) => check.result !== 'error'), checks };
        await printDocument(io, options.output, document, () =>
          checkLines(document, io.size().columns, io.paintResult),
        );
        return document.ok ? exit.done : exit.checkFailed;
      }),
    );
};
