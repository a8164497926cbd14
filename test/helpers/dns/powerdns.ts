import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freePort, type Program, startProgram } from '../common/processes.ts';

/** Tables of the gsqlite3 backend, from Debian's package pdns-backend-sqlite3. */
const schemaFile = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

/** A real PowerDNS on loopback. */
export interface PowerDnsServer extends Pick<Program, 'stop'> {
  /** Of its API. */
  url: string;
  keyFile: string;
  /** `ip:port` that answers queries. */
  address: string;
}

/** `at`: a loopback address of its own, and a port, for servers that are told apart by address as real ones are. */
export async function startPowerDns(at: { address?: string; port?: number } = {}): Promise<PowerDnsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'fedctl-pdns-'));
  const [dnsPort, apiPort] = [at.port ?? (await freePort()), await freePort()];
  const address = at.address ?? '127.0.0.1';
  const database = join(folder, 'zones.db');
  const tables = new DatabaseSync(database);
  tables.exec(await readFile(schemaFile, 'utf8'));
  tables.close();
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, 'secret-of-a-test\n', { mode: 0o600 });
  const settings = {
    launch: 'gsqlite3',
    'gsqlite3-database': database,
    'local-address': address,
    'local-port': dnsPort,
    webserver: 'yes',
    'webserver-address': '127.0.0.1',
    'webserver-port': apiPort,
    api: 'yes',
    'api-key': 'secret-of-a-test',
    'socket-dir': folder,
    'disable-syslog': 'yes',
    'zone-cache-refresh-interval': 0,
    'cache-ttl': 0,
    'query-cache-ttl': 0,
    'negquery-cache-ttl': 0,
  };
  const text = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(folder, 'pdns.conf'), text.join(''), { mode: 0o600 });
  const url = `http://127.0.0.1:${apiPort}`;
  const headers = { 'x-api-key': 'secret-of-a-test' };
  const program = await startProgram(
    ['pdns_server', `--config-dir=${folder}`, '--daemon=no', '--guardian=no'],
    async () => (await fetch(`${url}/api/v1/servers/localhost`, { headers })).ok,
  );
  return {
    url,
    keyFile,
    address: `${address}:${dnsPort}`,
    stop: async () => {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
