import { parse } from 'tldts';
import type { Parts } from '../parts.ts';
import type { Finding, Path } from '../problem.ts';
import type { Spec } from '../schema.ts';
import { isDnsName, isIpv4, isSocketAddress } from '../texts.ts';

type Dns = NonNullable<Spec['dns']>;
const at = (...rest: Path): Path => ['spec', 'dns', ...rest];

/** What is wrong with the DNS section, by itself and for its provider. */
export function dnsRules({ spec: { dns } }: Parts): Finding[] {
  if (!dns) return [];
  return [
    ...names(dns),
    ...registryRules(dns),
    ...endpointRules(dns),
    ...networkRules(dns),
    ...providerRules(dns),
    ...stubRules(dns),
    ...dns.resolvers.flatMap(resolver),
    ...dns.nameServers.flatMap(nameServer),
  ];
}

function names({ zone, domain }: Dns): Finding[] {
  const zoneName = zone.replace(/\.$/, '').toLowerCase();
  const findings: Finding[] = [];
  if (isIpv4(zoneName)) findings.push(address(zoneName));
  else if (!isZoneName(zone)) findings.push(noName('zone', zoneName));
  else if (!isDnsName(domain)) findings.push(noName('domain', domain));
  else if (!`.${domain.toLowerCase()}`.endsWith(`.${zoneName}`))
    findings.push({
      path: at('domain'),
      message: `${domain} is not inside the zone ${zone}`,
      hint: `the records would have no place; write ${zoneName}, a name below it, or leave it out`,
    });
  return findings;
}

/** Programs take a name that ends in a number for an address (https://url.spec.whatwg.org/#ends-in-a-number-checker). */
const isZoneName = (zone: string): boolean => isDnsName(zone) && !/(^|\.)\d+\.?$/.test(zone);

const address = (text: string): Finding => ({
  path: at('zone'),
  message: `${text} is an address, not a name`,
  hint: 'write the domain that the names of federated services go under: federation.example.',
});

const noName = (key: string, text: string): Finding => ({
  path: at(key),
  message: `${text} is not a DNS name`,
  hint: 'labels of a-z, 0-9 and "-", at most 63 characters each, with dots between them',
});

/**
 * A bare top-level domain, or a name under which a registry lets others register (https://publicsuffix.org, its ICANN
 * part): to be told before a provider is asked. A company's own suffix, as github.io, may be that company's zone.
 */
function registryRules({ zone, visibility }: Dns): Finding[] {
  const name = zone.replace(/\.$/, '').toLowerCase();
  if (visibility === 'private' || !isZoneName(zone)) return [];
  const hint = `write a name that is yours below it: federation.example.${name}`;
  if (!name.includes('.')) return [{ path: at('zone'), message: `${name} is a top-level domain`, hint }];
  const { isIcann, publicSuffix } = parse(name, { allowPrivateDomains: false, validateHostname: false });
  if (!isIcann || publicSuffix !== name) return [];
  return [{ path: at('zone'), message: `${name} is a public suffix: it belongs to a registry`, hint }];
}

function networkRules({ provider, visibility, network, region }: Dns): Finding[] {
  if (visibility === 'public') {
    if (network === undefined) return [];
    return [
      {
        path: at('network'),
        message: `${network} is for private zones only`,
        hint: 'write visibility: private, or remove it',
      },
    ];
  }
  if (provider === 'powerdns') {
    const hint = 'leave it out: who is answered is a setting of PowerDNS itself';
    return [{ path: at('visibility'), message: 'powerdns has no private zones', hint }];
  }
  const example = provider === 'aws-route53' ? 'network: vpc-0123456789abcdef0' : 'network: default';
  if (network === undefined)
    return [
      {
        path: at('visibility'),
        message: 'a private zone needs dns.network',
        hint: `the network that sees it: ${example}`,
      },
    ];
  if (provider === 'aws-route53' && !/^vpc-[0-9a-f]+$/.test(network))
    return [{ path: at('network'), message: `${network} is not a VPC id`, hint: example }];
  if (provider === 'aws-route53' && region === undefined)
    return [{ path: at('network'), message: `${network} needs dns.region`, hint: 'the region of the VPC: eu-west-1' }];
  return [];
}

/** Settings that one provider alone reads. */
const providerOf = {
  project: 'google-clouddns',
  profile: 'aws-route53',
  region: 'aws-route53',
} as const satisfies Partial<Record<keyof Dns, Dns['provider']>>;
/** Id of a project, not its name or number (https://cloud.google.com/resource-manager/docs/creating-managing-projects). */
const projectId = /^([a-z0-9.-]+:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$/;

function providerRules(dns: Dns): Finding[] {
  const findings = Object.entries(providerOf).flatMap(([key, provider]): Finding[] => {
    const value = dns[key as keyof typeof providerOf];
    if (value === undefined || dns.provider === provider) return [];
    return [
      {
        path: at(key),
        at: 'key',
        message: `is of ${provider}, but dns.provider is ${dns.provider}`,
        hint: 'remove it',
      },
    ];
  });
  if (dns.provider !== 'google-clouddns' || dns.project === undefined || projectId.test(dns.project)) return findings;
  const hint = 'the id, not the name or number: gcloud projects list';
  return [...findings, { path: at('project'), message: `${dns.project} is not a project id`, hint }];
}

function endpointRules({ provider, endpoint }: Dns): Finding[] {
  if (provider === 'powerdns' && endpoint === undefined)
    return [
      { path: at('endpoint'), message: 'is missing', hint: 'the URL of the PowerDNS API: http://10.0.0.53:8081' },
    ];
  if (endpoint === undefined || /^https?:\/\//.test(endpoint)) return [];
  return [{ path: at('endpoint'), message: `${endpoint} is neither http:// nor https://` }];
}

/** A stub domain without servers would send names of it nowhere. */
const stubRules = ({ stubDomain, resolvers }: Dns): Finding[] =>
  stubDomain && resolvers.length === 0
    ? [{ path: at('stubDomain'), message: 'needs dns.resolvers', hint: 'the servers that know the zone: 10.0.0.53:53' }]
    : [];

function resolver(text: string, index: number): Finding[] {
  if (isSocketAddress(text)) return [];
  const hint = 'address and port: 10.0.0.53:53, or [fd00::53]:53';
  return [{ path: at('resolvers', index), message: `${text} is not a resolver`, hint }];
}

function nameServer(text: string, index: number): Finding[] {
  return isDnsName(text) ? [] : [{ path: at('nameServers', index), message: `${text} is not a DNS name` }];
}
