import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIp } from '../../../src/spec/texts.ts';
import { serverUrl } from '../../../src/control-plane/address.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import { readAuthority } from '../../control-plane/authority.ts';
import { ensureKubeconfig, pair } from '../../control-plane/kubeconfig.ts';
import { ensureSecret, readSecret, versionOf } from '../../control-plane/secrets.ts';
import { secretText } from '../../kit/secret-text.ts';
import type { Deps } from '../../core/deps.ts';
import { failure } from '../../kit/fail.ts';
import { leafFor, type LeafWanted } from '../../core/pki.ts';
import { type StepScope, writing } from '../../core/step.ts';
import { secretsOf } from './certificates.ts';

/** Every name that a client may call federation-apiserver by: its address, its Service, its record in the zone. */
function serverNames(call: CallOf<'apiserver/credentials'>, namespace: string): LeafWanted['sans'] {
  const { facts, spec } = call.input;
  const service = names.apiserver;
  const within = [service, `${service}.${namespace}`, `${service}.${namespace}.svc`];
  const record = spec.dns?.apiserverRecord ? [names.apiserverRecord(spec.dns.domain)] : [];
  const hosts = [...within, `${service}.${namespace}.svc.cluster.local`, ...record];
  const address = { type: isIp(facts.address) ? ('ip' as const) : ('dns' as const), value: facts.address };
  return [address, ...hosts.filter((name) => name !== facts.address).map((value) => ({ type: 'dns' as const, value }))];
}

const tokenLength = 32;
const tokenAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const newToken = (): string =>
  Array.from({ length: tokenLength }, () => tokenAlphabet[randomInt(tokenAlphabet.length)]).join('');

/** A line of `--token-auth-file`: token, user, uid, groups (guide: user admin). What stands is kept: people use it. */
const tokenFile = (standing: string | undefined): string =>
  standing && /^[^\s,]+,/.test(standing) ? standing : `${newToken()},admin,admin,system:masters\n`;

/** Certificate and token of federation-apiserver. Kept while they serve. Throws CA_UNUSABLE, FOREIGN. */
async function ensureApiserverCredentials(
  scope: StepScope,
  call: CallOf<'apiserver/credentials'>,
): Promise<ResultOf<'apiserver/credentials'>> {
  const authority = await readAuthority(scope, names.caSecret);
  const before = await readSecret(scope, names.apiserverCredentials);
  const sans = serverNames(call, scope.run.host.namespace);
  const wanted: LeafWanted = { commonName: names.apiserver, usage: 'server', sans };
  const leaf = await leafFor(
    authority,
    wanted,
    pair(secretText(before, 'server.crt'), secretText(before, 'server.key')),
  );
  const done = await ensureSecret(scope, secretsOf(scope), names.apiserverCredentials, {
    'ca.crt': authority.certificate,
    'server.crt': leaf.certificate,
    'server.key': leaf.key,
    'token.csv': tokenFile(secretText(before, 'token.csv')),
  });
  return { outcome: done.outcome, facts: { secretVersion: versionOf(done), expires: leaf.expires } };
}

/** By the Service's name: in the host's cluster DNS, whatever the outer address is. */
async function ensureControllerManagerCredentials(
  scope: StepScope,
): Promise<ResultOf<'controller-manager/credentials'>> {
  const { done } = await ensureKubeconfig(scope, secretsOf(scope), {
    authority: names.caSecret,
    secret: names.controllerManagerKubeconfig,
    context: names.controllerManager,
    server: `https://${names.apiserver}`,
    commonName: names.controllerManager,
  });
  return { outcome: done.outcome, facts: { secretVersion: versionOf(done) } };
}

/** What fedctl and its operators use; the CLI copies it to the operator's machine. */
async function ensureAdminKubeconfig(
  scope: StepScope,
  call: CallOf<'admin/kubeconfig'>,
): Promise<ResultOf<'admin/kubeconfig'>> {
  const { facts, spec } = call.input;
  const { done, leaf } = await ensureKubeconfig(scope, secretsOf(scope), {
    authority: names.caSecret,
    secret: names.adminKubeconfig,
    context: spec.kubeconfig.context,
    server: serverUrl(facts.address, facts.port),
    commonName: 'admin',
  });
  return { outcome: done.outcome, facts: { expires: leaf.expires } };
}

/**
 * The DNS settings of the control plane, from a file of the worker. A key file of Google is no settings: it goes beside
 * some that name its project, which the controller cannot find out outside of Google's own machines.
 * Throws FILE_NOT_READABLE.
 */
async function ensureDnsCredentials(
  scope: StepScope,
  call: CallOf<'controller-manager/dns-credentials'>,
): Promise<ResultOf<'controller-manager/dns-credentials'>> {
  const { controllerManager, dns } = call.input.spec;
  const path = controllerManager.dnsProviderConfigFile;
  if (!path) throw failure('BUG', 'a step about dnsProviderConfigFile was called without one');
  const text = await textOf(path);
  const key = googleKey(text);
  const project = dns?.project ?? key?.project_id;
  const settings = key ? `[Global]\n${project ? `project-id = "${project}"\n` : ''}` : text;
  const done = await ensureSecret(scope, secretsOf(scope), names.dnsProviderConfig, {
    [names.dnsProviderConfig]: settings,
    ...(key ? { [names.dnsProviderKey]: text } : {}),
  });
  return { outcome: done.outcome, facts: { secretVersion: versionOf(done), key: key !== undefined } };
}

/** What fedctl itself reads of a key file of Google; undefined for a text that is none. */
function googleKey(text: string): { project_id?: string } | undefined {
  try {
    const key = JSON.parse(text) as { type?: unknown; project_id?: unknown } | null;
    if (typeof key?.type !== 'string') return undefined;
    const project = key.project_id;
    return typeof project === 'string' && /^[-a-z0-9.:]+$/.test(project) ? { project_id: project } : {};
  } catch {
    return undefined;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const field = 'spec.controllerManager.dnsProviderConfigFile';
    throw failure('FILE_NOT_READABLE', `cannot read ${path} (${field}): ${code}`, { path, field });
  }
}

/** Secrets with what each part of the control plane, and its operators, prove themselves by. */
export const credentialActivities = (deps: Deps) => ({
  ensureApiserverCredentials: writing<'apiserver/credentials'>(deps, ensureApiserverCredentials),
  ensureControllerManagerCredentials: writing<'controller-manager/credentials'>(
    deps,
    ensureControllerManagerCredentials,
  ),
  ensureAdminKubeconfig: writing<'admin/kubeconfig'>(deps, ensureAdminKubeconfig),
  ensureDnsCredentials: writing<'controller-manager/dns-credentials'>(deps, ensureDnsCredentials),
});
