import { action, examples, parseOutput, type Configure, type Output } from '../io/command.ts';
import { exit, usageError } from '../io/exit.ts';

interface Options {
  file?: string;
  output: Output;
  all?: boolean;
  prune?: boolean;
  adopt?: boolean;
  takeOwnership?: boolean;
  detailedExitcode?: boolean;
}

/** `fedctl plan`: what a turn-up would do, from reads and dry runs in this process; nothing is written anywhere. */
export const configurePlan: Configure = (command, cli) => {
  command
    .option('-f, --file <file>', 'the federation.yaml, or - for stdin')
    .option('--all', 'also list what is kept')
    .option('--prune', 'as with up: unjoin members that are not in the file')
    .option('--adopt', 'as with up: adopt existing objects that are not ours')
    .option('--take-ownership', 'as with up: take fields that other field managers own')
    .option('--detailed-exitcode', 'exit with 2 when there are changes')
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText(
      'after',
      examples([
        'fedctl plan -f federation.yaml',
        'fedctl plan -f federation.yaml --all',
        'fedctl plan -f federation.yaml -o json > plan.json   # then: fedctl up --plan plan.json',
        'fedctl plan -f federation.yaml --detailed-exitcode   # 0 no changes, 2 changes',
      ]),
    )
    .action(
      action(cli, async ({ file, output, all, detailedExitcode, ...how }: Options) => {
        const { io } = cli;
        if (file === undefined) throw usageError('which file? give the federation.yaml with -f');
        io.note(`planning ${file === '-' ? 'stdin' : file}`);
        const { readSpecFile } = await import('../files/spec-file.ts');
        const spec = await readSpecFile(io, file);
        const [{ makePlan }, { planLines }, { printDocument }] = await Promise.all([
          import('../reads/make-plan.ts'),
          import('../views/plan-model.ts'),
          import('../io/document.ts'),
        ]);
        const document = await makePlan(io, spec, how);
        await printDocument(io, output, document, () =>
          planLines(document, io.size().columns, { all: all ?? false, paint: io.paintResult }),
        );
        return detailedExitcode && document.changes ? exit.changes : exit.done;
      }),
    );
};
