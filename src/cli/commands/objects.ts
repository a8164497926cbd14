import { action, examples, parseOutput, type Configure, type Output } from '../command.ts';
import { printDocument } from '../document.ts';
import { table } from '../format.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../target.ts';

/** `fedctl objects`: the ledgers, and the federation's own books, object by object. */
export const configureObjects: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation'))
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText('after', examples(['fedctl objects myfederation', 'fedctl objects -f federation.yaml -o json']))
    .action(
      action(cli, async (name: string | undefined, options: TargetOptions & { output: Output }) => {
        const { io } = cli;
        const target = await resolveTarget(io, name, options);
        const [{ openLocal }, { hostOfTarget }] = await Promise.all([
          import('../../../worker/local.ts'),
          import('../host.ts'),
        ]);
        const entries = await openLocal(io.env).objects(await hostOfTarget(io, target));
        const rows = entries.map(({ cluster, kind, namespace, name, uid, step, origin }) => ({
          cluster,
          kind,
          namespace,
          name,
          uid,
          step,
          origin,
        }));
        rows.sort((a, b) => [a.cluster, a.kind, a.name].join().localeCompare([b.cluster, b.kind, b.name].join()));
        await printDocument(io, options.output, rows, () =>
          table([
            ['CLUSTER', 'KIND', 'NAMESPACE', 'NAME', 'STEP', 'ORIGIN', 'UID'],
            ...rows.map((row) => [
              row.cluster,
              row.kind,
              row.namespace || '-',
              row.name,
              row.step,
              row.origin,
              row.uid || '(intent)',
            ]),
          ]),
        );
      }),
    );
};
