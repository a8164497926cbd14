import { defineErrors } from './types.ts';

function whereElse(provider: unknown): string[] {
  if (provider === 'aws-route53')
    return ['or name a profile in dns.profile', 'or give the worker credentials in any way the AWS SDK knows'];
  if (provider === 'google-clouddns') return ['or set GOOGLE_APPLICATION_CREDENTIALS in the environment of the worker'];
  return ['or set PDNS_API_KEY_FILE in the environment of the worker'];
}

function rightsAt(provider: unknown): string {
  if (provider === 'google-clouddns') return 'role roles/dns.admin in the project';
  if (provider === 'aws-route53')
    return 'route53:ListHostedZonesByName, GetHostedZone, CreateHostedZone, DeleteHostedZone, ListResourceRecordSets, ChangeResourceRecordSets, GetChange';
  return 'reading and changing zones';
}

/** Codes about DNS zones, providers and delegation. */
export const dnsErrors = defineErrors({
  DNS_CREDENTIALS: {
    retry: 'never',
    title: 'the DNS provider rejected the credentials',
    fix: (d) => [
      `check the credentials of ${d['provider'] ?? 'the provider'} that the spec or the worker names`,
      'then: fedctl retry NAME',
    ],
  },
  DNS_CREDENTIALS_MISSING: {
    retry: 'never',
    title: 'no credentials for the DNS provider',
    fix: (d) => ['name a file of the worker in dns.credentialsFile', ...whereElse(d['provider'])],
  },
  DNS_FORBIDDEN: {
    retry: 'never',
    title: 'the credentials lack permissions on the DNS zone',
    fix: (d) => [
      `grant them at ${d['provider'] ?? 'the provider'}: ${rightsAt(d['provider'])}`,
      'then: fedctl retry NAME',
    ],
  },
  DNS_PROJECT: {
    retry: 'never',
    title: 'the project of the DNS zone cannot be used',
    fix: (d) => [
      `check dns.project (${d['project'] ?? 'the project of the credentials'}): it must exist, and the credentials must have access to it`,
      'enable the API in it: gcloud services enable dns.googleapis.com --project=PROJECT',
    ],
  },
  DNS_DOMAIN_NOT_VERIFIED: {
    retry: 'never',
    title: 'the provider requires proof that you own the domain',
    fix: (d) => [
      `verify ${d['zone'] ?? 'the domain'} or a parent of it at https://www.google.com/webmasters/verification/, as the account of the credentials`,
      'or create the zone by hand, and set dns.createZone: false',
    ],
  },
  DNS_DELEGATION_SET_LIMIT: {
    retry: 'never',
    title: 'the provider has no set of name servers left for one more zone of this name',
    fix: (d) => [
      `remove zones called ${d['zone'] ?? 'like this one'} that are unused (other accounts count too)`,
      'or use a zone of another name, or set dns.createZone: false and name a zone that stands',
    ],
  },
  DNS_QUOTA: {
    retry: 'never',
    title: 'the quota of the account for zones or records is used up',
    fix: () => ['remove unused ones, or ask the provider for a higher quota', 'then: fedctl retry NAME'],
  },
  DNS_NETWORK: {
    retry: 'never',
    title: 'the network of a private zone cannot be used',
    fix: () => ['check dns.network and dns.region: the network must exist in the account of the credentials'],
  },
  DNS_ZONE_AMBIGUOUS: {
    retry: 'never',
    title: 'several zones have this name',
    fix: () => ['name one of those listed above in dns.zoneId'],
  },
  DNS_ZONE_ELSEWHERE: {
    retry: 'never',
    title: 'the zone belongs to another account or provider',
    fix: (d) => [
      `use the credentials of the account that has ${d['zone'] ?? 'the zone'}, or a zone below it`,
      'or, to make a second zone on purpose and delegate to it later: set dns.delegation: ignore',
    ],
  },
  DNS_RECORD_TAKEN: {
    retry: 'never',
    title: 'the name of the control plane has a record that fedctl did not make',
    fix: (d) => [`remove ${d['name'] ?? 'the record'}, or set dns.apiserverRecord: false`],
  },
  DNS_ENDPOINT_MISSING: {
    retry: 'never',
    title: 'the URL of the DNS provider is not set',
    fix: () => ['set dns.endpoint', 'or set PDNS_API_URL in the environment of the worker'],
  },
  DNS_ZONE_UNSEEN: {
    retry: 'soon',
    title: 'the provider does not list a zone that was created before',
    fix: (d) => [
      'a zone that was just created is listed after some seconds: fedctl retry NAME',
      `if somebody removed zone ${d['zone'] ?? ''} by hand: take its entry (kind Zone) out of ConfigMap fedctl-ledger, then retry`,
    ],
  },
  DNS_NAME_SERVERS_MISSING: {
    retry: 'never',
    title: 'the name servers of the new zone are not known',
    fix: (d) => [
      'name them in dns.nameServers, by host names that lead to the PowerDNS servers: [ns1.example.net.]',
      'or, where only those who ask them directly see the zone, name the servers in dns.resolvers: [10.0.0.53:53]',
      `or create zone ${d['zone'] ?? ''} by hand`,
    ],
  },
  DNS_ZONE_NOT_FOUND: {
    retry: 'never',
    title: 'the DNS zone does not exist at the provider',
    fix: (d) => [`create zone ${d['zone'] ?? ''} at ${d['provider'] ?? 'the provider'}`, 'or set dns.createZone: true'],
  },
  DNS_ZONE_PENDING: {
    retry: 'never',
    title: 'the name servers do not serve the zone yet',
    fix: (d) => [`ask one by hand: dig @SERVER ${d['zone'] ?? 'ZONE'} SOA`, 'allow more time: policy.waits.zone'],
  },
  DNS_ZONE_IN_USE: {
    retry: 'never',
    title: 'the zone holds records that fedctl did not make',
    fix: () => ['remove them by hand, or keep the zone: fedctl down NAME --keep-zone'],
  },
  DNS_DELEGATION: {
    retry: 'never',
    title: 'the parent zone does not delegate to this zone',
    fix: (d) => [
      'add to the parent zone:',
      ...String(d['records'] || 'the NS records named above')
        .split('\n')
        .map((record) => `  ${record}`),
      'or go on without: fedctl skip NAME dns/delegation',
    ],
  },
});
