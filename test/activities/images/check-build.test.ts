import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { failureOf } from '../../helpers/kubernetes/member-world.ts';
import { account } from '../../helpers/images/registry.ts';
import {
  open,
  closed,
  machine,
  imagesStage,
  official,
  until,
  withEnv,
  checkBuild,
  check,
  buildSpec,
} from '../../helpers/images/images-stage.ts';

imagesStage();

describe('checkImages and checkBuild, with images.build', () => {
  const built = (given: object = {}, source = machine.source()): object => ({
    ...official(open),
    ...buildSpec(source, given),
  });

  it('looks up only what is pulled', async () => {
    const { facts } = await check(built({}, '/absent'));
    expect(facts).toEqual({
      apiserver: '',
      controllerManager: '',
      etcd: expect.stringContaining(`${open.name}/etcd:3.6.8@sha256:`),
      there: '',
      platforms: [],
    });
  });

  it('proves source, engine and the right to push, and leaves no upload behind', async () => {
    const { facts, note } = await checkBuild(built());
    expect(facts).toEqual({});
    expect(note).toContain('buildah');
    await until(
      'the upload taken away',
      () => open.requests(/"DELETE \/v2\/hyperkube-amd64\/blobs\/uploads/).length > 0,
    );
  });

  it('finds an engine by itself, and passes over a docker whose daemon is silent', async () => {
    const bin = mkdtempSync(join(machine.folder, 'bin-'));
    writeFileSync(join(bin, 'docker'), '#!/bin/sh\necho "no daemon" >&2\nexit 1\n', { mode: 0o755 });
    writeFileSync(join(bin, 'buildah'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    withEnv({ PATH: bin });
    expect((await checkBuild(built({ engine: 'auto' }))).note).toContain('buildah will build');
    writeFileSync(join(bin, 'docker'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    expect((await checkBuild(built({ engine: 'auto' }))).note).toContain('docker will build');
  });

  it('says that there is no engine', async () => {
    withEnv({ PATH: mkdtempSync(join(machine.folder, 'bin-')) });
    expect(await failureOf(checkBuild(built({ engine: 'auto' })))).toMatchObject({
      type: 'ENGINE_NOT_FOUND',
      nonRetryable: true,
      message: expect.stringMatching(/docker.*podman.*buildah.*nerdctl/),
    });
    expect(await failureOf(checkBuild(built()))).toMatchObject({
      type: 'ENGINE_NOT_FOUND',
      data: { engine: 'buildah' },
    });
  });

  it('says that there is nothing to build', async () => {
    const source = machine.source();
    expect(await failureOf(checkBuild(built({}, join(source, 'absent'))))).toMatchObject({
      type: 'BUILD_SOURCE_MISSING',
      data: { field: 'spec.images.build.source' },
    });
    expect(await failureOf(checkBuild(built({ dockerfile: 'Other' }, source)))).toMatchObject({
      type: 'BUILD_SOURCE_MISSING',
      message: expect.stringContaining(join(source, 'Other')),
    });
  });

  it('finds out that it may not push', async () => {
    const push = { registry: closed.name };
    expect(await failureOf(checkBuild(built({ push })))).toMatchObject({
      type: 'REGISTRY_DENIED',
      data: { registry: closed.name },
    });
    withEnv({ REGISTRY_AUTH_FILE: machine.dockerConfig({ [closed.name]: account }) });
    expect((await checkBuild(built({ push }))).outcome).toBe('done');
  });
});
