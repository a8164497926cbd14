const ipv4 = /^(\d{1,3}\.){3}\d{1,3}$/;

/** Whether an address is an IP and not a host name. Only IPv6 addresses hold colons. */
export const isIp = (address: string): boolean => ipv4.test(address) || address.includes(':');

/** URL of a federation-apiserver: IPv6 in brackets, the port of https left out. */
export function serverUrl(address: string, port: number): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return port === 443 ? `https://${host}` : `https://${host}:${port}`;
}
