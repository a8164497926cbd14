import { action, examples, parseOutput, type Configure, type Output } from '../io/command.ts';
import { printDocument } from '../io/document.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../reads/target.ts';

/** `fedctl objects`: the ledgers, and the federation's own books, object by object. */
export const configureObjects: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation'))
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText('after', examples(['fedctl objects myfederation', 'fedctl objects -f federation.yaml -o json']))
    .action(
      action(cli, async (name: string | undefined, options: TargetOptions & { output: Output }) => {
        const { io } = cli;
        const target = await resolveTarget(io, name, options);
        const [{ openLocal }, { hostOfTarget }, { listed, objectLines }] = await Promise.all([
          import('../../../worker/local.ts'),
          import('../reads/host.ts'),
          import('../views/tables.ts'),
        ]);
        const rows = listed(await openLocal(io.env).objects(await hostOfTarget(io, target)));
        await printDocument(io, options.output, rows, () => objectLines(rows, io.resultColumns()));
      }),
    );
};
