import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Deps } from '../../activities/core/deps.ts';
import { type Activities, createActivities } from '../../activities/index.ts';

const folder = new URL('./', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));

/** Activities whose tests are no row of the table that all share (test/helpers/common/activity-table.ts): where they stand. */
const elsewhere: Partial<Record<keyof Activities, string>> = {
  planSteps: 'members/debts.test.ts',
  checkHost: 'preflight/preflight.test.ts',
  checkPermissions: 'preflight/preflight.test.ts',
  checkStorage: 'preflight/preflight.test.ts',
  checkMembers: 'preflight/preflight.test.ts',
  checkImages: 'images/check.test.ts',
  checkBuild: 'images/check-build.test.ts',
  checkOwner: 'images/images.test.ts',
  checkDns: 'dns/dns.test.ts',
  ensureNamespace: 'core/namespace.test.ts',
  removeNamespace: 'core/namespace.test.ts',
  ensureRecord: 'core/resume.test.ts',
  removeRecord: 'core/namespace.test.ts',
  markRecord: 'core/resume.test.ts',
  holdFederation: 'core/resume.test.ts',
  releaseFederation: 'core/resume.test.ts',
  buildBinaries: 'images/binaries.test.ts',
  buildImage: 'images/images.test.ts',
  pushImage: 'images/images.test.ts',
  recordImages: 'images/images.test.ts',
  waitForApiserverAddress: 'distributions/federation/control-plane.test.ts',
  ensureCertificateAuthority: 'distributions/federation/certificates.test.ts',
  ensureApiserverCredentials: 'distributions/federation/certificates.test.ts',
  ensureControllerManagerCredentials: 'distributions/federation/certificates.test.ts',
  ensureAdminKubeconfig: 'distributions/federation/certificates.test.ts',
  ensureDnsCredentials: 'distributions/federation/certificates.test.ts',
  waitForApiserver: 'distributions/federation/control-plane.test.ts',
  waitForControllerManager: 'distributions/federation/control-plane.test.ts',
  reachMember: 'members/members.test.ts',
  ensureMemberIdentity: 'members/members.test.ts',
  ensureMemberCredentials: 'members/members.test.ts',
  verifyControlPlane: 'distributions/federation/control-plane.test.ts',
  verifyClusters: 'distributions/federation/control-plane.test.ts',
  ensureZone: 'dns/dns.test.ts',
  removeZone: 'dns/dns.test.ts',
  checkDelegation: 'dns/dns.test.ts',
  ensureApiserverRecord: 'dns/dns.test.ts',
  removeApiserverRecord: 'dns/dns.test.ts',
  sweep: 'turn-down/sweep.test.ts',
  removeFederatedObjects: 'core/namespace.test.ts',
  lookAtLeaving: 'members/debts.test.ts',
  openDebt: 'members/debts.test.ts',
  settleDebt: 'members/debts.test.ts',
  removeObjects: 'members/debts.test.ts',
};

/** Activities that a file puts to the table: by name, or as rows of a list that it goes through. */
function rowsIn(text: string): string[] {
  const named = [...text.matchAll(/\bactivityTable\(\s*'(\w+)'/g)];
  const listed = /\bactivityTable\(name,/.test(text)
    ? [...text.matchAll(/^ {2}\[\s*'(\w+)',\s*'[\w/-]+',\s*\[/gm)]
    : [];
  return [...named, ...listed].map(([, name = '']) => name);
}

describe('the activities that a worker registers', () => {
  const names = Object.keys(createActivities({} as Deps)).sort();
  const inTable = new Set(files.flatMap((file) => [...rowsIn(read(file))]));

  it('have tests, each one of them', () => {
    expect(names.filter((name) => !inTable.has(name) && !Object.hasOwn(elsewhere, name))).toEqual([]);
  });

  it('have their tests where it is said', () => {
    const said = Object.entries(elsewhere) as [string, string][];
    const wrong = said.filter(([name, file]) => !files.includes(file) || !new RegExp(`\\b${name}\\b`).test(read(file)));
    expect(wrong).toEqual([]);
    expect(said.map(([name]) => name).filter((name) => inTable.has(name) || !names.includes(name))).toEqual([]);
    expect([...inTable].filter((name) => !names.includes(name))).toEqual([]);
  });
});
