import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hostname } from 'node:os';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { unhealthy } from '../../worker/health.ts';
import { startTemporal } from '../helpers/temporal/temporal.ts';

describe('the health check of a worker', () => {
  let temporal: TestWorkflowEnvironment;
  beforeAll(async () => void (temporal = await startTemporal()), 60_000);
  afterAll(async () => temporal.teardown());

  const env = () => ({ TEMPORAL_ADDRESS: temporal.address, TEMPORAL_CONFIG_FILE: '/nonexistent.toml' });

  it('is content with a worker of this machine that asks for tasks, and with no other', async () => {
    expect(await unhealthy(env(), 'watched')).toBe(`no worker of ${hostname()} asks for tasks of watched`);
    const worker = await Worker.create({
      connection: temporal.nativeConnection,
      taskQueue: 'watched',
      activities: { nothing: () => Promise.resolve() },
    });
    await worker.runUntil(async () => {
      // The server learns of a poller when its first poll arrives.
      const until = Date.now() + 20_000;
      let why = await unhealthy(env(), 'watched');
      while (why !== '' && Date.now() < until) why = await unhealthy(env(), 'watched');
      expect(why).toBe('');
      expect(await unhealthy(env(), 'watched', 'elsewhere')).toContain('no worker of elsewhere');
      expect(await unhealthy(env(), 'another')).toContain('no worker of');
    });
  }, 120_000);

  it('says that Temporal does not answer', async () => {
    await expect(unhealthy({ TEMPORAL_ADDRESS: '127.0.0.1:1' }, 'watched')).rejects.toThrow('no Temporal server');
  }, 20_000);
});
