/** URL of a federation-apiserver: IPv6 in brackets, the port of https left out. */
export function serverUrl(address: string, port: number): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return port === 443 ? `https://${host}` : `https://${host}:${port}`;
}
