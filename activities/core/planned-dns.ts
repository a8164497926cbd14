import type { StepCall } from '../../src/catalogue/call.ts';
import type { PlannedObject } from '../../src/catalogue/planned.ts';
import { placeOfPlanned } from '../../src/graph/places.ts';
import type { RecordSet, Zone } from '../clients/dns/port.ts';
import { failure } from '../kit/fail.ts';
import { digestOf } from './object-digest.ts';

type Asked = Pick<StepCall<unknown>, 'planned' | 'run'>;

/** The plan's word on a thing at the DNS provider; undefined in a run that follows none. Throws PLAN_STALE without one. */
function plannedOf({ planned, run }: Asked, kind: string, name: string): PlannedObject | undefined {
  if (!planned) return undefined;
  const found = planned.find((one) => placeOfPlanned(one).kind === 'dns' && one.kind === kind && one.name === name);
  if (!found) throw stale(run.federation, kind, name, 'is not in the plan');
  return found;
}

const stale = (federation: string, kind: string, name: string, problem: string): Error =>
  failure('PLAN_STALE', `dns: ${kind} ${name} ${problem}`, { object: `${kind}/${name}`, federation });

/** Throws PLAN_STALE when the zone is another one than planned, came or went since. What this run made is as planned. */
export function assertPlannedZone(call: Asked, name: string, found: Zone | undefined): void {
  const planned = plannedOf(call, 'Zone', name);
  if (!planned) return;
  const { federation, uuid } = call.run;
  const say = (problem: string): Error => stale(federation, 'Zone', name, problem);
  if (planned.uid === null) {
    if (found && found.federation !== uuid) throw say('did not exist when the plan was made, and does now');
    return;
  }
  if (!found) throw say('existed when the plan was made, and is gone');
  if (found.id !== planned.uid) throw say('is another one than when the plan was made');
}

/** Throws PLAN_STALE when what stands at the record's name, or what is wanted there, is not as it was planned. */
export function assertPlannedRecord(call: Asked, wanted: RecordSet, standing: readonly RecordSet[]): void {
  const planned = plannedOf(call, 'Record', wanted.name);
  if (!planned) return;
  const { federation } = call.run;
  if (planned.standing !== digestOf(standing))
    throw stale(federation, 'Record', wanted.name, 'was changed since the plan was made');
  if (planned.wanted !== null && planned.wanted !== digestOf(wanted))
    throw stale(federation, 'Record', wanted.name, 'is wanted differently than planned');
}
