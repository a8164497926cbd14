import { defineErrors } from './types.ts';

/** Codes about DNS zones, providers and delegation. */
export const dnsErrors = defineErrors({
  DNS_CREDENTIALS: {
    retry: 'never',
    title: 'the DNS provider does not accept the credentials',
    fix: (d) => [
      `check the credentials of ${d['provider'] ?? 'the provider'} that the spec or the worker names`,
      'then: fedctl retry NAME dns/zone',
    ],
  },
  DNS_CREDENTIALS_MISSING: {
    retry: 'never',
    title: 'there are no credentials for the DNS provider',
    fix: () => ['name a file in dns.credentialsFile', 'or set PDNS_API_KEY_FILE in the environment of the worker'],
  },
  DNS_ENDPOINT_MISSING: {
    retry: 'never',
    title: 'the address of the DNS provider is not known',
    fix: () => ['set dns.endpoint', 'or set PDNS_API_URL in the environment of the worker'],
  },
  DNS_ZONE_NOT_FOUND: {
    retry: 'never',
    title: 'the DNS zone does not exist at the provider',
    fix: (d) => [`create zone ${d['zone'] ?? ''} at ${d['provider'] ?? 'the provider'}`, 'or set dns.createZone: true'],
  },
  DNS_ZONE_PENDING: {
    retry: 'never',
    title: 'the name servers do not answer for the zone yet',
    fix: (d) => [`ask one by hand: dig @SERVER ${d['zone'] ?? 'ZONE'} SOA`, 'longer patience: policy.waits.zone'],
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
      `create at the parent zone: ${d['records'] ?? 'the NS records named above'}`,
      'or go on without: fedctl skip NAME dns/delegation',
    ],
  },
});
