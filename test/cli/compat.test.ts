import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from '@jest/globals';

const compat = fileURLToPath(new URL('../../compat', import.meta.url));
const deploy = 'federation/deploy/deploy.sh';
const develop = 'federation/develop/develop.sh';
const up = 'federation/cluster/federation-up.sh';
const down = 'federation/cluster/federation-down.sh';
const push = 'build/push-federation-images.sh';

const realMake = spawnSync('sh', ['-c', 'command -v make'], { encoding: 'utf8' }).stdout.trim();

let folder: string;
let root: string;
/** A fedctl that keeps what it was called with, and does of init what the scripts see. */
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'fedctl compat ')));
  root = join(folder, 'out put');
  const recorder = [
    '#!/bin/sh',
    'for word; do printf "%s|" "$word"; done >> "$CALLS"',
    'echo "${KUBE_REGISTRY:+to $KUBE_REGISTRY}${FEDERATION_PUSH_REPO_BASE:-}" >> "$CALLS"',
    '[ "$1" != init ] || { mkdir -p "$2" && : > "$2/federation.yaml"; }',
  ];
  for (const program of ['fedctl', 'make']) {
    writeFileSync(join(folder, program), recorder.join('\n'));
    chmodSync(join(folder, program), 0o755);
  }
});

function run(argv: readonly [string, ...string[]], env: NodeJS.ProcessEnv = { FEDERATION_OUTPUT_ROOT: root }) {
  const [program, ...args] = argv;
  const { status, stderr } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], FEDCTL: join(folder, 'fedctl'), CALLS: join(folder, 'calls'), ...env },
  });
  const calls = existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8') : '';
  return { code: status, stderr, calls: calls.replaceAll(folder, '').split('\n').filter(Boolean) };
}
const script = (name: string, args: readonly string[] = [], env?: NodeJS.ProcessEnv) =>
  run([join(compat, name), ...args], env);

const init = 'init|/out put|--name|federation|';
const file = '/out put/federation.yaml|';

describe('actions', () => {
  it.each([
    [deploy, [], ['init', 'deploy_federation', 'destroy_federation', 'redeploy_federation']],
    [deploy, ['destory_federation'], ['destory_federation', 'destroy_federation']],
    [develop, ['build'], ['there is no action build;', 'build_binaries', 'build_image', 'push']],
  ])('%s %j ends with 64 and names those there are', (name, args, said) => {
    const { code, stderr, calls } = script(name, args);
    expect([code, calls]).toEqual([64, []]);
    for (const word of said) expect(stderr).toContain(word);
  });

  it.each([
    [deploy, 'deploy_clusters'],
    [deploy, 'destroy_clusters'],
    [develop, 'deploy_clusters'],
  ])('%s %s is refused with the reason', (name, action) => {
    const { code, stderr, calls } = script(name, [action]);
    expect([code, calls]).toEqual([7, []]);
    expect(stderr).toMatch(/neither makes nor removes machines\n {2}fix: /);
  });

  it.each([
    [deploy, 'init'],
    [deploy, 'deploy_federation'],
    [deploy, 'destroy_federation'],
  ])('%s %s wants FEDERATION_OUTPUT_ROOT, as the guide does', (name, action) => {
    const { code, stderr, calls } = script(name, [action], {});
    expect([code, calls]).toEqual([64, []]);
    expect(stderr).toContain('export FEDERATION_OUTPUT_ROOT="${PWD}/_output/federation"');
  });
});

describe('deploy.sh', () => {
  it('finds its fedctl through a linked folder too', () => {
    symlinkSync(join(compat, 'federation'), join(folder, 'federation'));
    const { code, stderr } = run([join(folder, deploy), 'init'], {
      FEDCTL: '',
      FEDERATION_OUTPUT_ROOT: root,
      KUBECONFIG: '/nonexistent',
    });
    expect([code, stderr.includes('--host-context')]).toEqual([64, true]); // what the real one says
  });

  it('init writes what is missing, once', () => {
    expect(script(deploy, ['init']).calls).toEqual([init]);
    const again = script(deploy, ['init', '--namespace', 'x']);
    expect([again.code, again.calls]).toEqual([7, [init]]); // what is asked for would not be done
    expect(again.stderr).toContain('fedctl init --force --namespace x');
    expect(script(deploy, ['init'])).toMatchObject({ code: 0, calls: [init] });
  });

  it('deploy_federation needs no init, and hands on flags', () => {
    expect(script(deploy, ['deploy_federation', '--detach']).calls).toEqual([init, `up|--yes|-f|${file}--detach|`]);
    expect(script(deploy, ['redeploy_federation']).calls.slice(2)).toEqual([`up|--yes|-f|${file}`]);
  });

  it('destroy_federation keeps the volume unless it is told otherwise, and needs no image', () => {
    expect(script(deploy, ['destroy_federation'])).toMatchObject({ code: 64, calls: [] });
    script(deploy, ['init']);
    script(deploy, ['destroy_federation', '--detach']);
    const env = { FEDERATION_OUTPUT_ROOT: root, FEDERATION_VOLUMES: 'delete', FEDERATION_PUSH_REPO_BASE: 'r.example' };
    expect(script(deploy, ['destroy_federation'], env).calls.slice(1)).toEqual([
      `down|-f|${file}--yes|--volumes|keep|--detach|unused.invalid`,
      `down|-f|${file}--yes|--volumes|delete|r.example`,
    ]);
  });
});

describe('the previous mechanism', () => {
  it('turns its variables into flags, whatever is in them', () => {
    const env = {
      FEDERATION_NAME: 'my federation',
      FEDERATION_NAMESPACE: 'ns',
      FEDERATION_HOST_CONTEXT: 'a b; $(c)',
      FEDERATION_DNS_PROVIDER: 'powerdns',
      DNS_ZONE_NAME: 'z.example',
      FEDERATION_PUSH_REPO_BASE: 'r.example',
    };
    const flags = '--zone|z.example|--provider|powerdns|--namespace|ns|--host-context|a b; $(c)|';
    expect(script(up, [], env).calls).toEqual([
      `init|/_output/federation|--name|my federation|${flags}r.example`,
      'up|--yes|-f|/_output/federation/federation.yaml|r.example',
    ]);
    expect(script(down, [], {}).calls.slice(2)).toEqual([
      'down|-f|/_output/federation/federation.yaml|--yes|--volumes|keep|unused.invalid',
    ]);
  });

  it('has no provider without a zone: nothing would be written with it', () => {
    expect(script(up, [], { FEDERATION_DNS_PROVIDER: 'powerdns' }).calls[0]).toBe(
      'init|/_output/federation|--name|federation|',
    );
  });
});

describe('images', () => {
  const spec = '/out put/develop/federation.yaml|';
  const made = 'init|/out put/develop|--name|federation|--build||';

  it('are built in a spec of their own, so that deploy_federation does not build them again', () => {
    script(develop, ['build_image']);
    expect(script(develop, ['push']).calls).toEqual([
      made,
      `images|build|-f|${spec}to localhost`,
      `images|push|-f|${spec}`,
    ]);
    expect(existsSync(join(root, 'federation.yaml'))).toBe(false);
  });

  it('build_image takes the registry that is to be pushed to, when it is known', () => {
    const env = { FEDERATION_OUTPUT_ROOT: root, KUBE_REGISTRY: 'r.example' };
    expect(script(develop, ['build_image'], env).calls).toEqual([
      `${made}to r.example`,
      `images|build|-f|${spec}to r.example`,
    ]);
  });

  it('develop.sh hands the actions of deploy.sh on', () => {
    expect(script(develop, ['init']).calls).toEqual([init]);
  });

  const env = { FEDERATION: 'true', FEDERATION_PUSH_REPO_BASE: 'r.example' };
  it.each(Object.keys(env))('push-federation-images.sh wants %s', (variable) => {
    const { code, stderr, calls } = script(push, [], { ...env, [variable]: '' });
    expect([code, calls]).toEqual([64, []]);
    expect(stderr).toContain(`${variable} is not`);
  });

  it('push-federation-images.sh pushes', () => {
    expect(script(push, [], { ...env, FEDERATION_OUTPUT_ROOT: root }).calls).toEqual([
      `${made}r.example`,
      `images|push|-f|${spec}r.example`,
    ]);
  });

  describe('make quick-release', () => {
    const make = (source: NodeJS.ProcessEnv) => {
      mkdirSync(join(folder, 'bin'), { recursive: true });
      // The make of the source folder is the recorder; the one that runs our Makefile is real.
      const path = `${folder}:${process.env['PATH'] ?? ''}`;
      return run([realMake, '-s', '-f', join(compat, 'Makefile'), 'quick-release', 'MAKE=make'], {
        FEDERATION_OUTPUT_ROOT: root,
        PATH: path,
        ...source,
      });
    };

    it('builds binaries and image, without tests when told so', () => {
      expect(make({ FEDERATION: 'true', KUBE_RELEASE_RUN_TESTS: 'n' })).toMatchObject({
        code: 0,
        calls: ['WHAT=cmd/kubectl cmd/hyperkube|', made, `images|build|-f|${spec}to localhost`],
      });
    });

    it('runs the tests of the source folder otherwise', () => {
      expect(make({ FEDERATION: 'true' }).calls[0]).toBe('-f|Makefile|test|');
    });

    it('builds nothing without FEDERATION=true', () => {
      const { code, stderr, calls } = make({});
      expect([code !== 0, calls]).toEqual([true, []]);
      expect(stderr).toContain('FEDERATION=true KUBE_RELEASE_RUN_TESTS=n make quick-release');
    });
  });
});
