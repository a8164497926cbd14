import { action, examples, parseOutput, type Configure, type Output } from '../command.ts';
import { CliError, exit, usageError } from '../exit.ts';

interface Options {
  file?: string;
  output: Output;
  inCluster?: boolean;
}

/** `fedctl check`: phase preflight alone, in this process; nothing is written anywhere. */
export const configureCheck: Configure = (command, cli) => {
  command
    .option('-f, --file <file>', 'the federation.yaml, or - for stdin')
    .option('--in-cluster', 'also ask from a pod in the host cluster (not built yet)')
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText('after', examples(['fedctl check -f federation.yaml', 'fedctl check -f federation.yaml -o json']))
    .action(
      action(cli, async (options: Options) => {
        const { io } = cli;
        if (options.file === undefined) throw usageError('which file? give the federation.yaml with -f');
        if (options.inCluster)
          throw new CliError(exit.usage, 'check --in-cluster is not built yet', [], { code: 'NOT_BUILT_YET' });
        io.note(`checking ${options.file}`);
        const { readSpecFile } = await import('../spec-file.ts');
        const file = await readSpecFile(io, options.file);
        const [{ openLocal }, { runChecks }, { checkLines }, { printDocument }] = await Promise.all([
          import('../../../worker/local.ts'),
          import('../run-checks.ts'),
          import('../check-model.ts'),
          import('../document.ts'),
        ]);
        const checks = await runChecks(openLocal(io.env), file, (check) => {
          if (io.live) io.write(`\r\u001b[2K${check.title}`);
        });
        if (io.live) io.write('\r\u001b[2K');
        const document = { federation: file.federation, ok: checks.every((check) => check.result !== 'error'), checks };
        await printDocument(io, options.output, document, () =>
          checkLines(document, io.size().columns, io.paintResult),
        );
        return document.ok ? exit.done : exit.checkFailed;
      }),
    );
};
