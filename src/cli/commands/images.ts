import type { ImagesGoal } from '../../run/images.ts';
import { action, examples, parseOutput, settle, type Cli, type Configure, type Output } from '../io/command.ts';
import { type ExitCode, usageError } from '../io/exit.ts';
import type { SpecFile } from '../files/spec-file.ts';
import { imageSourcesOf } from '../../spec/image-sources.ts';

interface Options {
  file?: string;
  output: Output;
  detach?: boolean;
  resolve?: boolean;
}

async function fileOf(cli: Cli, options: Options): Promise<SpecFile> {
  if (options.file === undefined) throw usageError('which file? give the federation.yaml with -f');
  const { readSpecFile } = await import('../files/spec-file.ts');
  return readSpecFile(cli.io, options.file);
}

/** `fedctl images`: what a turn-up pulls, and building and pushing it by itself, as the guide's develop.sh did. */
export const configureImages: Configure = (command, cli) => {
  const add = (
    name: string,
    summary: string,
    act: (options: Options) => Promise<ExitCode | void>,
    ...shown: string[]
  ) =>
    settle(command.command(name), cli.io)
      .description(summary)
      .option('-f, --file <file>', 'the federation.yaml, or - for stdin')
      .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
      .addHelpText('after', examples(shown))
      .action(action(cli, act));
  add(
    'list',
    'list every image that a turn-up needs, one per line',
    (options) => list(cli, options),
    'fedctl images list -f federation.yaml',
    'fedctl images list -f federation.yaml --resolve',
  ).option('--resolve', 'ask the registries, and list each image by its digest');
  for (const [goal, summary] of Object.entries(summaries))
    add(goal, summary, (options) => make(cli, goal as ImagesGoal, options), shownOf[goal as ImagesGoal]).option(
      '-d, --detach',
      'start it and return at once',
    );
  add(
    'cancel',
    'cancel the run that builds or pushes',
    (options) => cancel(cli, options),
    'fedctl images cancel -f federation.yaml',
  );
  command.addHelpText('after', examples(['fedctl images list -f federation.yaml', ...Object.values(shownOf)]));
};

const shownOf: Record<ImagesGoal, string> = {
  build: 'KUBE_VERSION=v1.5.0-mine fedctl images build -f federation.yaml',
  push: 'KUBE_REGISTRY=registry.example:5000 fedctl images push -f federation.yaml',
};

const summaries: Record<ImagesGoal, string> = {
  build: 'build binaries and image',
  push: 'build, push, and write the image values of values.yaml',
};

async function list(cli: Cli, options: Options): Promise<void> {
  const file = await fileOf(cli, options);
  if (options.resolve) return listResolved(cli, file, options);
  const { spec } = file;
  const [{ neededImages }, { printDocument }] = await Promise.all([
    import('../../plan/image-list.ts'),
    import('../io/document.ts'),
  ]);
  const images = neededImages(spec);
  for (const { image, built } of images.filter(({ image }) => !/[:@][^/]*$/.test(image))) {
    const when = built ? 'gets its tag when it is built' : 'has no tag yet: --resolve asks which version is the newest';
    cli.io.note(`note: ${image} ${when}`);
  }
  await printDocument(cli.io, options.output, { images }, () => images.map(({ image }) => image));
}

/** What a turn-up would pin, by the very check that it begins with. */
async function listResolved(cli: Cli, file: SpecFile, options: Options): Promise<void> {
  const [{ resolvedImages }, { printDocument }] = await Promise.all([
    import('../reads/resolve-images.ts'),
    import('../io/document.ts'),
  ]);
  const images = await resolvedImages(cli.io, file);
  await printDocument(cli.io, options.output, { images }, () => images.map(({ image }) => image));
}

async function cancel(cli: Cli, options: Options): Promise<ExitCode> {
  const { federation } = await fileOf(cli, options);
  const { cancelImages } = await import('../runs/run-images.ts');
  return cancelImages(cli.io, federation);
}

async function make(cli: Cli, goal: ImagesGoal, options: Options): Promise<ExitCode> {
  const file = await fileOf(cli, options);
  if (!imageSourcesOf(file.spec).build)
    throw usageError('the spec has no images.build: there is nothing to build', [
      'set spec.images.build: where the source is and how it is built (docs/spec.md)',
      'which images are pulled: fedctl images list -f FILE',
    ]);
  const { runImages } = await import('../runs/run-images.ts');
  return runImages(cli.io, file, goal, { output: options.output, detach: options.detach ?? false });
}
