import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Deps } from '../../activities/kit/deps.ts';
import { type Activities, createActivities } from '../../activities/index.ts';

const folder = new URL('./', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));

/** Activities whose tests are no row of the table that all share (test/helpers/common/activity-table.ts): where they stand. */
const elsewhere: Partial<Record<keyof Activities, string>> = {
  planSteps: 'debts.test.ts',
  checkHost: 'preflight.test.ts',
  checkPermissions: 'preflight.test.ts',
  checkStorage: 'preflight.test.ts',
  checkMembers: 'preflight.test.ts',
  checkImages: 'images-check.test.ts',
  checkBuild: 'images-check-build.test.ts',
  checkOwner: 'images.test.ts',
  checkDns: 'dns.test.ts',
  ensureNamespace: 'namespace.test.ts',
  removeNamespace: 'namespace.test.ts',
  ensureRecord: 'resume.test.ts',
  removeRecord: 'namespace.test.ts',
  markRecord: 'resume.test.ts',
  holdFederation: 'resume.test.ts',
  releaseFederation: 'resume.test.ts',
  buildBinaries: 'images-binaries.test.ts',
  buildImage: 'images.test.ts',
  pushImage: 'images.test.ts',
  recordImages: 'images.test.ts',
  waitForApiserverAddress: 'control-plane.test.ts',
  ensureCertificateAuthority: 'certificates.test.ts',
  ensureApiserverCredentials: 'certificates.test.ts',
  ensureControllerManagerCredentials: 'certificates.test.ts',
  ensureAdminKubeconfig: 'certificates.test.ts',
  ensureDnsCredentials: 'certificates.test.ts',
  waitForApiserver: 'control-plane.test.ts',
  waitForControllerManager: 'control-plane.test.ts',
  reachMember: 'members.test.ts',
  ensureMemberIdentity: 'members.test.ts',
  ensureMemberCredentials: 'members.test.ts',
  verifyControlPlane: 'control-plane.test.ts',
  verifyClusters: 'control-plane.test.ts',
  ensureZone: 'dns.test.ts',
  removeZone: 'dns.test.ts',
  checkDelegation: 'dns.test.ts',
  ensureApiserverRecord: 'dns.test.ts',
  removeApiserverRecord: 'dns.test.ts',
  sweep: 'sweep.test.ts',
  removeFederatedObjects: 'namespace.test.ts',
  lookAtLeaving: 'debts.test.ts',
  openDebt: 'debts.test.ts',
  settleDebt: 'debts.test.ts',
  removeObjects: 'debts.test.ts',
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
