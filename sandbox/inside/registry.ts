import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../settings.ts';
import { answers } from './http.ts';
import type { Supervisor } from './supervisor.ts';

/** The sandbox's container registry: plain HTTP, on the address that nodes and the machine share. */
export async function startRegistry({ layout }: Settings, supervisor: Supervisor): Promise<void> {
  const config = join(layout.state, 'registry.json');
  const folder = join(layout.state, 'registry');
  await mkdir(folder, { recursive: true });
  // JSON is YAML too.
  const settings = {
    version: 0.1,
    log: { accesslog: { disabled: true }, level: 'warn' },
    storage: { filesystem: { rootdirectory: folder }, delete: { enabled: true } },
    http: { addr: layout.registry },
  };
  await writeFile(config, JSON.stringify(settings));
  await supervisor.start({
    name: 'registry',
    argv: ['docker-registry', 'serve', config],
    ready: () => answers(`http://${layout.registry}/v2/`),
  });
}
