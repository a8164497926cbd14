import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectsTo, connectTemporal } from '../../src/temporal/client.ts';
import { type DevServer, devServerEnvironment, startDevServer } from '../../worker/dev-server.ts';
import { searchAttributes } from '../../src/run/search-attributes.ts';
import { freePortWith } from '../helpers/common/processes.ts';
import { findProgram } from '../helpers/common/programs.ts';

/** What a person has who works with a server in the cloud on other days. */
function cloudEnvironment(folder: string): NodeJS.ProcessEnv {
  const profiles = join(folder, 'temporal.toml');
  const cloud = 'address = "cloud.invalid:7233"\nnamespace = "prod.a1b2c"\napi_key = "a-key"\n';
  writeFileSync(profiles, `[profile.default]\n${cloud}\n[profile.cloud]\n${cloud}`);
  const temporal = { TEMPORAL_CONFIG_FILE: profiles, TEMPORAL_PROFILE: 'cloud', TEMPORAL_NAMESPACE: 'prod.a1b2c' };
  return { PATH: process.env['PATH'], HOME: folder, ...temporal, TEMPORAL_API_KEY: 'a-key', TEMPORAL_TLS: 'true' };
}

describe('the Temporal server of fedctl worker --dev-server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fedctl-dev-server-'));
  const env = { ...cloudEnvironment(folder), FEDCTL_TEMPORAL: findProgram('temporal') };
  let server: DevServer;
  let port: number;
  beforeAll(async () => {
    port = await freePortWith(1000); // its Web UI has the port that many further on
    server = await startDevServer(join(folder, 'state'), env, port);
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is the one that its worker reaches, whatever the person's profile and variables name", async () => {
    expect(connectsTo(env, server.address)).toBe(false);
    const own = devServerEnvironment(env, server);
    expect(own).toMatchObject({ PATH: process.env['PATH'], HOME: folder });
    expect(connectsTo(own, server.address)).toBe(true);
    const { connection, namespace, address } = await connectTemporal(own);
    try {
      expect({ namespace, address }).toEqual({ namespace: 'default', address: `127.0.0.1:${port}` });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const names = Object.values(searchAttributes).map(({ name }) => name);
      expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining(names));
    } finally {
      await connection.close();
    }
  });

  it('does not take a server that was there before for its own', async () => {
    await expect(startDevServer(join(folder, 'second'), env, port)).rejects.toThrow(`port ${port}`);
  });
});
