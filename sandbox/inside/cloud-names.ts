import { readFile } from 'node:fs/promises';
import type { Settings } from '../settings.ts';
import { dnsKeyFile } from './dns.ts';

/** Zone of the names that the sandbox's load balancers get (RFC 6761 keeps `test` free). */
export const cloudZone = 'sandbox.test.';

/** Points a name of the cloud's zone at an address; answers the name without its last dot. */
export async function publishHost({ layout }: Settings, label: string, address: string): Promise<string> {
  const key = (await readFile(dnsKeyFile(layout.state), 'utf8')).trim();
  const zones = `${layout.dnsApi}/api/v1/servers/localhost/zones`;
  const send = (method: string, url: string, body: object): Promise<Response> =>
    fetch(url, {
      method,
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const made = await send('POST', zones, { name: cloudZone, kind: 'Native', nameservers: [`ns1.${cloudZone}`] });
  if (!made.ok && made.status !== 409) throw new Error(`zone ${cloudZone}: ${made.status} ${await made.text()}`);
  const name = `lb-${label}.${cloudZone}`;
  const records = [{ content: address, disabled: false }];
  const rrsets = [{ name, type: 'A', ttl: 1, changetype: 'REPLACE', records }];
  const set = await send('PATCH', `${zones}/${cloudZone}`, { rrsets });
  if (!set.ok) throw new Error(`record ${name}: ${set.status} ${await set.text()}`);
  return name.replace(/\.$/, '');
}
