import { describe, expect, it } from '@jest/globals';
import type { RecordSet, Zone } from '../../../activities/clients/dns/port.ts';
import { digestOf } from '../../../activities/core/object-digest.ts';
import { assertPlannedRecord, assertPlannedZone } from '../../../activities/core/planned-dns.ts';
import type { RunContext } from '../../../src/catalogue/call.ts';
import type { PlannedObject } from '../../../src/catalogue/planned.ts';
import { aPlanned } from '../../helpers/common/planned.ts';

const run = { federation: 'myfederation', uuid: 'ours' } as RunContext;
const call = (planned?: PlannedObject[]) => ({ run, ...(planned ? { planned } : {}) });
const aZone = { ...aPlanned, cluster: 'dns', kind: 'Zone', name: 'federation.example.' };
const zone = (id: string, federation: string): Zone => ({ id, name: aZone.name, nameServers: [], federation }) as never;
const stale = (text: string) => expect.objectContaining({ type: 'PLAN_STALE', message: expect.stringContaining(text) });

describe('a zone in a run that keeps to a plan', () => {
  const check = (planned: PlannedObject[] | undefined, found: Zone | undefined) => () =>
    assertPlannedZone(call(planned), aZone.name, found);

  it('passes as planned, as this run made it, and without a plan', () => {
    expect(check(undefined, undefined)).not.toThrow();
    expect(check([aZone], undefined)).not.toThrow();
    expect(check([aZone], zone('1', 'ours'))).not.toThrow();
    expect(check([{ ...aZone, uid: '1' }], zone('1', ''))).not.toThrow();
  });

  it.each([
    ['is not in the plan', [], undefined],
    ['does now', [aZone], zone('1', 'theirs')],
    ['is gone', [{ ...aZone, uid: '1' }], undefined],
    ['is another one', [{ ...aZone, uid: '1' }], zone('2', '')],
  ])('is stale when it %s', (text, planned, found) => {
    expect(check(planned, found)).toThrow(stale(text));
  });
});

describe('a record in a run that keeps to a plan', () => {
  const wanted: RecordSet = { name: 'api.federation.example.', type: 'A', ttl: 60, values: ['10.0.0.1'] };
  const other = { ...wanted, values: ['10.0.0.2'] };
  const planned = { ...aPlanned, cluster: 'dns', kind: 'Record', name: wanted.name, standing: digestOf([other]) };
  const check = (plan: PlannedObject[], standing: RecordSet[]) => () =>
    assertPlannedRecord(call(plan), wanted, standing);

  it('passes from what stood to what is wanted; an address that nobody knew then is no other wish', () => {
    expect(check([{ ...planned, wanted: digestOf(wanted) }], [other])).not.toThrow();
    expect(check([planned], [other])).not.toThrow();
  });

  it('is stale when something else stands, or is wanted', () => {
    expect(check([planned], [])).toThrow(stale('was changed since'));
    expect(check([{ ...planned, wanted: digestOf(other) }], [other])).toThrow(stale('is wanted differently'));
    expect(check([], [other])).toThrow(stale('is not in the plan'));
  });
});
