import { searchAttributes } from '../run/search-attributes.ts';

/** Arguments of a server for one person: on loopback, its database in a file, our search attributes known. */
export function devServerArguments(database: string, port: number, uiPort = port + 1000): string[] {
  const attributes = Object.values(searchAttributes).flatMap(({ name }) => ['--search-attribute', `${name}=Keyword`]);
  const listen = ['--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)];
  return ['server', 'start-dev', ...listen, '--db-filename', database, '--log-level', 'error', ...attributes];
}
