import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { action, examples, type Cli, type Configure } from '../io/command.ts';
import type { Contexts } from '../../files/kubeconfig.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { refusal, usageError } from '../io/exit.ts';
import type { Said, Settled, SettledField } from '../files/init-ask.ts';
import type { Answers } from '../files/init-text.ts';
import type { Io } from '../io/io.ts';

interface Options {
  name?: string;
  hostContext?: string;
  namespace?: string;
  image?: string;
  build?: string;
  push?: string;
  zone?: string;
  provider?: string;
  endpoint?: string;
  member: string[];
  force?: boolean;
}

/** `fedctl init`: writes a commented federation.yaml, and a values.yaml where the guide's folder has none. */
export const configureInit: Configure = (command, cli) => {
  command
    .argument('[dir]', 'where to (default: $FEDERATION_OUTPUT_ROOT, or here)')
    .option('--name <name>', 'name of the federation')
    .option('--host-context <context>', 'cluster for the control plane (default: current)')
    .option('--namespace <namespace>', 'namespace of the control plane')
    .option('--image <image>', 'image to run, registry/name:version')
    .option('--build <folder>', 'build the image from this source folder instead')
    .option('--push <registry>', 'with --build: the registry to push it to')
    .option('--zone <zone>', 'DNS zone for federated services')
    .option('--provider <provider>', 'DNS provider: powerdns, google-clouddns, aws-route53')
    .option('--endpoint <url>', 'the API of PowerDNS (default: $PDNS_API_URL)')
    .option(
      '--member <name=context>',
      'a member cluster; may be repeated',
      (value, all: string[]) => [...all, value],
      [],
    )
    .option('--force', 'overwrite an existing federation.yaml')
    .addHelpText(
      'after',
      examples([
        'fedctl init',
        'fedctl init --name myfederation --host-context host --member member-1=member-1',
        'fedctl init ./eu --name eu --zone eu.example --provider powerdns --force',
      ]),
    )
    .action(action(cli, (dir: string | undefined, options: Options) => init(cli, dir, options)));
};

async function init({ io }: Cli, dir: string | undefined, options: Options): Promise<void> {
  const root = io.env['FEDERATION_OUTPUT_ROOT'] ? resolve(io.cwd, io.env['FEDERATION_OUTPUT_ROOT']) : undefined;
  const folder = dir === undefined ? (root ?? io.cwd) : resolve(io.cwd, dir);
  const file = join(folder, 'federation.yaml');
  if (!options.force && (await readIfThere(file)) !== undefined)
    throw refusal(`${file} already exists; nothing was written`, ['edit it', 'overwrite it: --force']);
  const values = root === undefined ? undefined : await valuesIn(root);
  const answers = await answersOf(io, options, await chartOf(values));
  const { federationText } = await import('../files/init-text.ts');
  const text = federationText(answers);
  await assertValid(io, text, answers, values);
  await mkdir(folder, { recursive: true });
  await write(file, text, options.force ?? false);
  io.note(`wrote ${file}`);
  // In any other folder it would be a file that nothing heeds.
  if (values && folder === root) await ensureValues(io, values);
  io.note(`next: fedctl check -f ${file}`);
}

/** values.yaml of the guide's folder; no text when it is not there. */
interface Values {
  file: string;
  text: string | undefined;
}

async function valuesIn(root: string): Promise<Values> {
  const file = join(root, 'values.yaml');
  return { file, text: await readIfThere(file) };
}

async function ensureValues(io: Io, { file, text }: Values): Promise<void> {
  const { valuesText } = await import('../files/init-text.ts');
  if (text === undefined) await write(file, valuesText(), false);
  io.note(`${text === undefined ? 'wrote' : 'kept'} ${file}`);
}

/** `over`: also where the file is there already. */
async function write(file: string, text: string, over: boolean): Promise<void> {
  const writing = over ? replaceFile(file, text, { mode: 0o644 }) : writeFile(file, text, { flag: 'wx' });
  await writing.catch((error: NodeJS.ErrnoException) => {
    throw usageError(`${file} cannot be written: ${error.code ?? error.message}`);
  });
}

async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw usageError(`${file} cannot be read: ${error.code ?? error.message}`);
  });
}

/** Keys that values.yaml has: what it says, federation.yaml need not say, and must not say otherwise. */
async function chartOf(values: Values | undefined): Promise<ReadonlySet<string>> {
  if (values?.text === undefined) return new Set();
  const { file, text } = values;
  const { parse } = await import('yaml');
  try {
    const found: unknown = parse(text);
    return new Set(found !== null && typeof found === 'object' ? Object.keys(found) : []);
  } catch (error) {
    throw usageError(`${file} is not valid YAML: ${(error as Error).message.split('\n')[0] ?? ''}`);
  }
}

async function answersOf(io: Io, options: Options, chart: ReadonlySet<string>): Promise<Answers> {
  const [{ readContexts }, { askRest }] = await Promise.all([
    import('../files/contexts.ts'),
    import('../files/init-ask.ts'),
  ]);
  const contexts = await readContexts(io.env);
  const settled = settledBy(options, chart);
  const flags = await saidBy(options, io.env);
  const said = io.interactive ? await askRest(io, flags, contexts, settled) : withDefaults(flags, contexts, settled);
  const hostContext = said.hostContext ?? '';
  warnOfContexts(io, contexts, [hostContext, ...said.members.map(({ context }) => context)]);
  return {
    hostContext,
    members: said.members,
    ...defined('name', said.name),
    ...defined('namespace', options.namespace),
    ...defined('zone', said.zone),
    ...defined('provider', said.provider),
    ...defined('endpoint', said.endpoint),
    ...defined('image', said.image),
    ...(options.build === undefined ? {} : { build: { source: options.build, ...defined('push', options.push) } }),
  };
}

const defined = <Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } =>
  value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });

function settledBy(options: Options, chart: ReadonlySet<string>): Settled {
  const all: [SettledField, boolean][] = [
    ['name', chart.has('controllerManagerFederationName')],
    ['zone', chart.has('controllerManagerDNSZone')],
    ['provider', chart.has('controllerManagerDNSProvider')],
    ['image', chart.has('apiserverRegistry') || options.build !== undefined],
  ];
  return new Set(all.flatMap(([field, is]) => (is ? [field] : [])));
}

async function saidBy(options: Options, env: NodeJS.ProcessEnv): Promise<Said> {
  const { parseImage } = await import('../files/init-ask.ts');
  const { distributionOf } = await import('../../distributions/table.ts');
  const image = options.image === undefined ? undefined : parseImage(options.image);
  if (options.image !== undefined && !image)
    throw usageError(`--image ${options.image}: not like ${distributionOf({}).words.image}`);
  if (options.image !== undefined && options.build !== undefined)
    throw usageError('--image and --build: give one of the two');
  if (options.push !== undefined && options.build === undefined)
    throw usageError(`--push ${options.push}: it goes with --build`, ['name the source folder: --build']);
  const { name, hostContext, zone, provider } = options;
  const endpoint = options.endpoint ?? (provider === 'powerdns' ? env['PDNS_API_URL'] || undefined : undefined);
  return { name, hostContext, zone, provider, endpoint, image, members: options.member.map(parseMember) };
}

function parseMember(text: string): { name: string; context: string } {
  const at = text.indexOf('=');
  const [name, context] = at < 0 ? [text, text] : [text.slice(0, at), text.slice(at + 1)];
  if (!name || !context) throw usageError(`--member ${text}: not like name=context`);
  return { name, context };
}

/** Without a terminal: the current context is the host; a name has to be given. */
function withDefaults(said: Said, contexts: Contexts, settled: Settled): Said {
  if (said.name === undefined && !settled.has('name'))
    throw usageError('no terminal to ask on: which name?', ['give it with --name']);
  const hostContext = said.hostContext ?? contexts.current;
  if (hostContext === undefined)
    throw usageError('which cluster is the host? the kubeconfig has no current context', [
      `give it with --host-context${contexts.names.length > 0 ? `; there are: ${contexts.names.join(', ')}` : ''}`,
    ]);
  return { ...said, hostContext };
}

/** The worker's kubeconfig is the one that counts, so a context that is not here is no error. */
function warnOfContexts(io: Io, { names }: Contexts, wanted: readonly string[]): void {
  if (names.length === 0) return;
  for (const context of wanted.filter((name) => !names.includes(name))) {
    io.note(`${io.paint('yellow', 'note:')} the kubeconfig here has no context ${context} (${names.join(', ')})`);
  }
}

/** Holds the text to the rules of any spec, with an image put in where none is said yet. */
async function assertValid(io: Io, text: string, answers: Answers, values: Values | undefined): Promise<void> {
  const { parseFederation } = await import('../../distributions/parse.ts');
  const later = { FEDERATION_PUSH_REPO_BASE: 'later.example', FEDERATION_IMAGE_TAG: 'later' };
  const parsed = parseFederation({
    text,
    file: 'federation.yaml',
    environment: answers.image ? io.env : { ...later, ...io.env },
    ...(values?.text === undefined ? {} : { values: { file: values.file, text: values.text } }),
  });
  if (parsed.ok) return;
  const lines = parsed.problems.flatMap(({ path, message, hint }) => [
    `${path}: ${message}`,
    ...(hint ? [`    ${hint}`] : []),
  ]);
  throw usageError(['these answers do not make a valid federation.yaml; nothing was written', ...lines].join('\n'));
}
