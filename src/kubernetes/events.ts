import type { KubeObject } from './objects.ts';

/** A `v1 Event`, as far as a person needs it. */
export interface KubeEvent {
  type?: string;
  reason?: string;
  message?: string;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  involvedObject?: { kind?: string; name?: string; uid?: string };
}

const timeOf = (event: KubeEvent): string => event.lastTimestamp ?? event.eventTime ?? '';

/** Message of the newest warning (of these reasons, when given); undefined when there is none. */
export function newestWarning(events: readonly KubeEvent[], reasons?: readonly string[]): string | undefined {
  const wanted = ({ type, reason = '' }: KubeEvent): boolean =>
    type === 'Warning' && (!reasons || reasons.includes(reason));
  const warnings = events.filter(wanted);
  // The kubelet adds "Error: ErrImagePull" to the event that quotes the registry; the quote says more.
  const told = warnings.filter(({ message = '' }) => !/^Error: \w+$/.test(message));
  const sorted = (told.length > 0 ? told : warnings).toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)));
  return sorted.at(-1)?.message;
}

/** Events about one object. */
export const eventsOf = (events: readonly KubeEvent[], object: KubeObject): KubeEvent[] =>
  events.filter(({ involvedObject }) => involvedObject?.uid === object.metadata.uid);

/** The newest warning about an object, as ` (<message>)`; '' without one. */
export function warningOf(events: readonly KubeEvent[], object: KubeObject): string {
  const message = newestWarning(eventsOf(events, object));
  return message ? ` (${message})` : '';
}
