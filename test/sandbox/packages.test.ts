import { describe, expect, it } from '@jest/globals';
import { missingForTests } from '../../sandbox/packages.ts';

describe('what tests need of the machine', () => {
  it('is named by its package when its command does not answer', async () => {
    expect(await missingForTests(([program]) => Promise.resolve(program !== 'python3'))).toEqual(['python3-venv']);
    expect(await missingForTests(() => Promise.resolve(false))).toEqual([
      'openssl',
      'git',
      'podman',
      'docker.io',
      'python3-venv',
      'chromium',
    ]);
  });
});
