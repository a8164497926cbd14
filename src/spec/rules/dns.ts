import type { Parts } from '../parts.ts';
import type { Finding, Path } from '../problem.ts';
import type { Spec } from '../schema.ts';
import { isDnsName, isSocketAddress } from '../texts.ts';

type Dns = NonNullable<Spec['dns']>;
const at = (...rest: Path): Path => ['spec', 'dns', ...rest];

/** What is wrong with the DNS section, by itself and for its provider. */
export function dnsRules({ spec: { dns } }: Parts): Finding[] {
  if (!dns) return [];
  return [
    ...names(dns),
    ...endpointRules(dns),
    ...dns.resolvers.flatMap(resolver),
    ...dns.nameServers.flatMap(nameServer),
  ];
}

function names({ zone, domain }: Dns): Finding[] {
  const zoneName = zone.replace(/\.$/, '').toLowerCase();
  const findings: Finding[] = [];
  if (!isDnsName(zone)) findings.push(noName('zone', zoneName));
  else if (!isDnsName(domain)) findings.push(noName('domain', domain));
  else if (!`.${domain.toLowerCase()}`.endsWith(`.${zoneName}`))
    findings.push({
      path: at('domain'),
      message: `${domain} is not inside the zone ${zone}`,
      hint: `the records would have no place; write ${zoneName}, a name below it, or leave it out`,
    });
  return findings;
}

const noName = (key: string, text: string): Finding => ({
  path: at(key),
  message: `${text} is no DNS name`,
  hint: 'labels of a-z, 0-9 and "-", at most 63 characters each, with dots between them',
});

function endpointRules({ provider, endpoint }: Dns): Finding[] {
  if (provider === 'powerdns' && endpoint === undefined)
    return [
      { path: at('endpoint'), message: 'is missing', hint: 'the URL of the PowerDNS API: http://10.0.0.53:8081' },
    ];
  if (endpoint === undefined || /^https?:\/\//.test(endpoint)) return [];
  return [{ path: at('endpoint'), message: `${endpoint} is neither http:// nor https://` }];
}

function resolver(text: string, index: number): Finding[] {
  if (isSocketAddress(text)) return [];
  const hint = 'address and port: 10.0.0.53:53, or [fd00::53]:53';
  return [{ path: at('resolvers', index), message: `${text} is no resolver`, hint }];
}

function nameServer(text: string, index: number): Finding[] {
  return isDnsName(text) ? [] : [{ path: at('nameServers', index), message: `${text} is no DNS name` }];
}
