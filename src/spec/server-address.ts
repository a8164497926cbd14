import type { ClusterSpec } from './schema.ts';

/** The range that every client is in; without an entry for it the real controller manager crashes (docs/control-plane.md). */
export const everyClient = '0.0.0.0/0';

/** An address of a member, and the clients that it is for. */
export interface AddressByCidr {
  clientCIDR: string;
  serverAddress: string;
}

/** The one of these addresses that is for every client; undefined when there is none. */
export const addressForAll = (addresses: readonly AddressByCidr[]): string | undefined =>
  addresses.find(({ clientCIDR }) => clientCIDR === everyClient)?.serverAddress;

/**
 * The one address by which the control plane reaches a member, and so the one that a kubeconfig, a check and a hint
 * name: that of the spec for every client, else the server of the member's context.
 */
export const serverAddressOf = (cluster: Pick<ClusterSpec, 'serverAddresses'>, contextServer: string): string =>
  addressForAll(cluster.serverAddresses ?? []) ?? contextServer;

/** True for an address that means another machine to whoever reads it: the pods of the host reach themselves there. */
export function isLoopback(address: string): boolean {
  let host: string;
  try {
    host = new URL(address).hostname;
  } catch {
    return false;
  }
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    host.startsWith('127.') ||
    host === '0.0.0.0'
  );
}
