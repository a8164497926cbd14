import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Settings } from '../settings.ts';
import { answers } from './http.ts';
import type { Supervisor } from './supervisor.ts';

/** Tables of the gsqlite3 backend, from Debian's package. */
const schemaFile = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

/** File with the key of PowerDNS' API. */
export const dnsKeyFile = (state: string): string => join(state, 'powerdns', 'key');

/** A real authoritative DNS server, with an API to make zones and records by. */
export async function startDns({ layout }: Settings, supervisor: Supervisor): Promise<void> {
  const folder = join(layout.state, 'powerdns');
  const database = join(folder, 'zones.db');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const tables = new DatabaseSync(database);
  tables.exec(await readFile(schemaFile, 'utf8'));
  tables.close();
  const key = randomBytes(24).toString('hex');
  await writeFile(dnsKeyFile(layout.state), `${key}\n`, { mode: 0o600 });
  const settings = {
    launch: 'gsqlite3',
    'gsqlite3-database': database,
    'local-address': layout.dnsAddress,
    'local-port': 53,
    webserver: 'yes',
    'webserver-address': layout.dnsAddress,
    'webserver-port': 8081,
    'webserver-allow-from': `${layout.subnet},${layout.outside.address}/32`,
    api: 'yes',
    'api-key': key,
    'socket-dir': folder,
    'disable-syslog': 'yes',
    // A zone answers as soon as it is made.
    'zone-cache-refresh-interval': 0,
    'cache-ttl': 0,
    'query-cache-ttl': 0,
    'negquery-cache-ttl': 0,
  };
  const text = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  // In a file: arguments can be read by everybody.
  await writeFile(join(folder, 'pdns.conf'), text.join(''), { mode: 0o600 });
  await supervisor.start({
    name: 'powerdns',
    argv: ['pdns_server', `--config-dir=${folder}`, '--daemon=no', '--guardian=no'],
    ready: () => answers(`${layout.dnsApi}/api/v1/servers/localhost`, { 'x-api-key': key }),
  });
}
