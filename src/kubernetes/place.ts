/** Where an object is: in the host, in a member, in the federation's own API, or at the DNS provider. */
export type Place = { kind: 'host' | 'federation' | 'dns' } | { kind: 'member'; member: string };

export const hostPlace: Place = { kind: 'host' };
export const federationPlace: Place = { kind: 'federation' };
export const dnsPlace: Place = { kind: 'dns' };
export const memberPlace = (member: string): Place => ({ kind: 'member', member });

/**
 * A place as people and scripts read it: a member's name, else `host`, `federation` or `dns`. A member may be called by
 * one of these words, so places are never compared by it.
 */
export const nameOfPlace = (place: Place): string => (place.kind === 'member' ? place.member : place.kind);

export const isSamePlace = (a: Place, b: Place): boolean => a.kind === b.kind && nameOfPlace(a) === nameOfPlace(b);
