import { codeOf } from '../../src/errors/step-error.ts';
import type { CallOf } from '../../src/catalogue/call-of.ts';
import type { DnsProvider, Zone } from '../clients/dns/port.ts';
import { type LedgerEntry, readEntry, recordUid } from '../core/ledger.ts';
import type { StepScope } from '../core/step.ts';
import { waitUntil } from '../kit/wait.ts';

/** Before the UID of a ledger's entry: the provider still carries out the change that made the thing so. */
const mark = 'pending:';

/** UID of an entry without a change that may stand before it; '' while only the intent is known. */
export const settledUid = ({ uid }: Pick<LedgerEntry, 'uid'>): string =>
  uid.startsWith(mark) ? uid.slice(uid.indexOf(' ') + 1) : uid;

const pendingChange = ({ uid }: Pick<LedgerEntry, 'uid'>): string | undefined =>
  uid.startsWith(mark) ? uid.slice(mark.length).split(' ')[0] : undefined;

/** What has been made stands in the ledger with its change, so that another worker waits for it too. */
export const recordMade = (
  scope: StepScope,
  entry: LedgerEntry,
  uid: string,
  change: string | undefined,
): Promise<void> => recordUid(scope, entry, change ? `${mark}${change} ${uid}` : uid);

/** A removal that is still being carried out stands in the ledger in the same way; nothing to note when it is done. */
export const recordRemoval = async (
  scope: StepScope,
  entry: LedgerEntry,
  uid: string,
  change: string | undefined,
): Promise<void> => (change ? recordMade(scope, entry, uid, change) : undefined);

/**
 * Waits for the change of an entry, whoever made it, and notes that it is over. One of which a worker that died noted
 * only the intent gets its `uid`. Throws DNS_ZONE_PENDING.
 */
export async function settle(
  scope: StepScope,
  call: Pick<CallOf<'dns/zone'>, 'waitMs'>,
  { provider, zone }: { provider: DnsProvider; zone: Zone },
  of: LedgerEntry,
  uid: string,
): Promise<void> {
  const entry = await readEntry(scope, of);
  if (!entry) return;
  const change = pendingChange(entry);
  if (change) await waitForChange(call, provider, zone, change);
  if (change || entry.uid === '') await recordUid(scope, entry, settledUid(entry) || uid);
}

/** Waits until the provider's name servers have a change. Throws DNS_ZONE_PENDING. */
export async function waitForChange(
  call: Pick<CallOf<'dns/zone'>, 'waitMs'>,
  provider: DnsProvider,
  zone: Zone,
  change: string,
): Promise<void> {
  const why = `${provider.label} is still applying change ${change} in ${zone.name}`;
  const look = async () => ((await isDone(provider, zone, change)) ? { value: true } : { why });
  await waitUntil(call, 'DNS_ZONE_PENDING', look, { everyMs: 2_000, data: { zone: zone.name } });
}

/** A change that the provider has forgotten is long done. */
async function isDone(provider: DnsProvider, zone: Zone, change: string): Promise<boolean> {
  try {
    return await provider.changeDone(zone, change);
  } catch (error) {
    if (codeOf(error) === 'NOT_FOUND') return true;
    throw error;
  }
}
