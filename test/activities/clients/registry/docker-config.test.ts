import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';
import { findLogin, loginFiles } from '../../../../activities/clients/registry/docker-config.ts';

const user = process.getuid?.() ?? 0;

it('looks where podman and docker keep logins, the most particular first', () => {
  const all = { REGISTRY_AUTH_FILE: '/a', XDG_RUNTIME_DIR: '/run/u', XDG_CONFIG_HOME: '/conf', DOCKER_CONFIG: '/d' };
  expect(loginFiles({ ...all, HOME: '/home/me' })).toEqual([
    '/a',
    '/run/u/containers/auth.json',
    `/run/containers/${user}/auth.json`,
    '/conf/containers/auth.json',
    '/d/config.json',
  ]);
  expect(loginFiles({ HOME: '/home/me' })).toEqual([
    `/run/containers/${user}/auth.json`,
    '/home/me/.config/containers/auth.json',
    '/home/me/.docker/config.json',
  ]);
});

it('takes a login that podman keeps for good', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fedctl-home-'));
  const file = join(home, '.config', 'containers', 'auth.json');
  mkdirSync(dirname(file), { recursive: true });
  const auth = Buffer.from('me:secret-word').toString('base64');
  writeFileSync(file, JSON.stringify({ auths: { 'r.example:5000': { auth } } }));
  const env = { HOME: home };
  expect(await findLogin('r.example:5000', loginFiles(env), undefined, env)).toEqual({
    file,
    credentials: { user: 'me', password: 'secret-word', identityToken: undefined },
  });
});
