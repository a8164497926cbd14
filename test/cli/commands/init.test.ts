import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { readContexts } from '../../../src/cli/files/contexts.ts';
import { CliError, exit } from '../../../src/cli/io/exit.ts';
import { memberName, parseImage } from '../../../src/cli/files/init-ask.ts';
import { errorLines } from '../../../src/cli/views/print-error.ts';
import { runCli } from '../../../src/cli/program.ts';
import { parseFederation } from '../../../src/distributions/parse.ts';
import { expectGolden } from '../../helpers/common/golden.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';

const kubeconfig = (current: string, ...names: string[]): string =>
  JSON.stringify({ 'current-context': current, contexts: names.map((name) => ({ name, context: {} })) });

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedctl-init-'));
  root = join(folder, 'out');
  writeFileSync(join(folder, 'config'), kubeconfig('host', 'host', 'member-1', 'kubernetes-admin@Kubernetes'));
});

interface Said {
  env?: NodeJS.ProcessEnv;
  /** What a person types at a terminal, line by line; without it there is none. */
  answers?: string[];
}

async function init(argv: string[], { env = {}, answers }: Said = {}) {
  const asked: string[] = [];
  const io = fakeIo({
    cwd: folder,
    env: { HOME: folder, KUBECONFIG: join(folder, 'config'), FEDERATION_OUTPUT_ROOT: root, ...env },
    interactive: answers !== undefined,
    ask: (question) => {
      asked.push(question);
      const answer = answers?.shift();
      return answer === undefined ? Promise.reject(new Error(`asked too much: ${question}`)) : Promise.resolve(answer);
    },
  });
  let code: number;
  try {
    code = await runCli(['init', ...argv], io);
  } catch (error) {
    for (const line of errorLines(error, io)) io.note(line);
    code = error instanceof CliError ? error.exitCode : exit.bug;
  }
  return { code, err: io.err.join('\n').replaceAll(folder, ''), asked, left: answers };
}

const written = (dir = root): string => readFileSync(join(dir, 'federation.yaml'), 'utf8');
const values = (): string => readFileSync(join(root, 'values.yaml'), 'utf8');
const parsed = (text: string, environment = {}) => {
  const result = parseFederation({ text, file: 'federation.yaml', environment });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
};
const images = { FEDERATION_PUSH_REPO_BASE: 'r.example', FEDERATION_IMAGE_TAG: 'v1.5.0' };

describe('with flags', () => {
  it('writes both files into the output folder, as they were looked at', async () => {
    const ran = await init(['--name', 'eu']);
    expect(ran).toMatchObject({ code: exit.done, asked: [] });
    expect(ran.err).toBe(
      'wrote /out/federation.yaml\nwrote /out/values.yaml\nnext: fedctl check -f /out/federation.yaml',
    );
    expectGolden('cli/init-least.yaml', written());
    expectGolden('cli/init-values.yaml', values());
  });

  it('writes every answer, and what it writes means what was said', async () => {
    const flags = ['--name', 'eu', '--host-context', 'member-1', '--namespace', 'fed', '--zone', 'eu.example'];
    const image = ['--image', 'r.example:5000/a/hyperkube:v1.5.0'];
    const dns = ['--provider', 'powerdns', '--endpoint', 'http://192.0.2.1:8081'];
    const members = ['--member', 'm1=member-1', '--member', 'm2=kubernetes-admin@Kubernetes'];
    const ran = await init([...flags, ...image, ...dns, ...members]);
    expect(ran.code).toBe(exit.done);
    expectGolden('cli/init-full.yaml', written());
    const { federation, spec } = parsed(written());
    expect(federation).toBe('eu');
    expect(spec).toMatchObject({
      host: { context: 'member-1', namespace: 'fed' },
      images: { controllerManager: { registry: 'r.example:5000/a', name: 'hyperkube', version: 'v1.5.0' } },
      dns: { zone: 'eu.example.', provider: 'powerdns', endpoint: 'http://192.0.2.1:8081' },
      clusters: [
        { name: 'm1', context: 'member-1' },
        { name: 'm2', context: 'kubernetes-admin@Kubernetes' },
      ],
    });
  });

  it('leaves a build with a registry to push to from the environment', async () => {
    expect(await init(['--name', 'eu', '--build', '../src'])).toMatchObject({ code: exit.done });
    const { spec } = parsed(written(), { KUBE_REGISTRY: 'r.example/mine' });
    expect(spec.images.build).toMatchObject({ source: '../src', push: { registry: 'r.example/mine' } });
  });

  it('quotes what YAML would read as something else', async () => {
    await init(['--name', '123', '--host-context', 'yes: no # maybe']);
    const { federation, spec } = parsed(written(), images);
    expect([federation, spec.host.context]).toEqual(['123', 'yes: no # maybe']);
  });

  it('writes elsewhere when told to, and no values.yaml there, which nothing would read', async () => {
    expect(await init(['elsewhere', '--name', 'eu'])).toMatchObject({ code: exit.done });
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['federation.yaml']);
    expect(existsSync(root)).toBe(false);
  });

  it('writes into the current folder without FEDERATION_OUTPUT_ROOT', async () => {
    expect(await init(['--name', 'eu'], { env: { FEDERATION_OUTPUT_ROOT: '' } })).toMatchObject({ code: exit.done });
    expect(readdirSync(folder).sort()).toEqual(['config', 'federation.yaml']);
  });

  it('names a context that the kubeconfig does not have, and goes on', async () => {
    const ran = await init(['--name', 'eu', '--host-context', 'hots']);
    expect(ran.code).toBe(exit.done);
    expect(ran.err).toContain('has no context hots (host, member-1, kubernetes-admin@Kubernetes)');
  });
});

describe('what is there already', () => {
  it('is not written over but with --force; values.yaml never', async () => {
    await init(['--name', 'eu']);
    writeFileSync(join(root, 'values.yaml'), '# mine\n');
    const refused = await init(['--name', 'us']);
    expect(refused.code).toBe(exit.refused);
    expect(refused.err).toContain('/out/federation.yaml already exists');
    expect(written()).toContain('name: eu');
    expect(await init(['--name', 'us', '--force'])).toMatchObject({ code: exit.done });
    expect([written().includes('name: us'), values()]).toEqual([true, '# mine\n']);
  });

  it('values.yaml may say the name: federation.yaml then leaves it out', async () => {
    await init(['--name', 'first']);
    writeFileSync(join(root, 'values.yaml'), 'controllerManagerFederationName: chart\n');
    expect(await init(['--force'])).toMatchObject({ code: exit.done });
    const text = values();
    const result = parseFederation({
      text: written(),
      file: 'f',
      environment: images,
      values: { text, file: 'v' },
    });
    expect(result).toMatchObject({ ok: true, federation: 'chart' });
  });
});

describe('a person at a terminal', () => {
  it('is asked, and offered the contexts of the kubeconfig', async () => {
    const answers = [
      'eu',
      '',
      '2 kubernetes-admin@Kubernetes',
      'nonsense',
      'r.example/hyperkube-amd64:v1',
      'eu.example',
      '',
      '',
    ];
    const ran = await init([], { answers });
    expect(ran).toMatchObject({ code: exit.done, left: [] });
    expect(ran.err).toContain('  2  member-1\n');
    expect(ran.err).toContain('nonsense is not like');
    const { federation, spec } = parsed(written());
    expect(federation).toBe('eu');
    expect(spec).toMatchObject({
      host: { context: 'host' },
      dns: { provider: 'powerdns', endpoint: 'http://127.0.0.1:8081' },
      clusters: [{ name: 'member-1' }, { name: 'kubernetes-admin-kubernetes', context: 'kubernetes-admin@Kubernetes' }],
    });
  });

  it('is asked for nothing that the flags say', async () => {
    const flags = ['--name', 'eu', '--host-context', 'host', '--member', 'member-1', '--zone', 'z.example'];
    const rest = [
      '--image',
      'r.example/hyperkube-amd64:v1',
      '--provider',
      'powerdns',
      '--endpoint',
      'http://192.0.2.1',
    ];
    expect(await init([...flags, ...rest], { answers: [] })).toMatchObject({ code: exit.done, asked: [] });
  });
});

describe('answers that are wrong', () => {
  it.each([
    [[], 'which name?', '--name'],
    [['--name', 'Eu_1'], 'metadata.name: ', 'DNS-1123'],
    [['--name', 'eu', '--member', '=x'], '--member =x', 'name=context'],
    [['--name', 'eu', '--member', 'host=host', '--member', 'host=member-1'], 'spec.clusters', 'host'],
    [['--name', 'eu', '--image', 'hyperkube'], '--image hyperkube', 'registry.example'],
    [['--name', 'eu', '--image', 'r/x:1', '--build', '.'], '--image and --build', 'one of the two'],
    [['--name', 'eu', '--push', 'r.example'], '--push r.example', '--build'],
    [['--name', 'eu', '--zone', 'eu.example'], 'spec.dns.provider', 'powerdns'],
  ])('%j end with 64 and write nothing', async (argv, wrong, wayOut) => {
    const { code, err } = await init(argv);
    expect(code).toBe(exit.usage);
    expect(err).toContain(wrong);
    expect(err).toContain(wayOut);
    expect(existsSync(root)).toBe(false);
  });

  it('say which contexts there are where none is current', async () => {
    writeFileSync(join(folder, 'config'), kubeconfig('', 'a', 'b'));
    const { code, err } = await init(['--name', 'eu']);
    expect([code, err.includes('--host-context; there are: a, b')]).toEqual([exit.usage, true]);
  });
});

describe('parts', () => {
  it('reads contexts of all files; one that is missing or no kubeconfig has none', async () => {
    const [second, broken] = [join(folder, 'second'), join(folder, 'broken')];
    writeFileSync(second, kubeconfig('b', 'b', 'host'));
    writeFileSync(broken, 'a: [');
    const KUBECONFIG = [broken, join(folder, 'none'), second, join(folder, 'config')].join(':');
    expect(await readContexts({ KUBECONFIG })).toEqual({
      names: ['b', 'host', 'member-1', 'kubernetes-admin@Kubernetes'],
      current: 'b',
    });
  });

  it.each([
    ['member-1', 'member-1'],
    ['kubernetes-admin@Kubernetes', 'kubernetes-admin-kubernetes'],
    ['123', 'c-123'],
    ['@', 'c'],
    [`arn:aws:eks:eu-west-1:123456789012:cluster/${'x'.repeat(80)}`, 'x'.repeat(63)],
  ])('makes of the context %s a name that a federation takes', (context, name) => {
    expect(memberName(context)).toBe(name);
  });

  it('reads an image with a digest, and no image without a version', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(parseImage(`r.example:5000/hyperkube-amd64@${digest}`)).toEqual({
      registry: 'r.example:5000',
      version: digest,
    });
    expect(parseImage('r.example:5000/hyperkube-amd64')).toBeUndefined();
  });
});
