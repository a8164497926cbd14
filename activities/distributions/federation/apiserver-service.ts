import { isIp, serverUrl } from '../../../src/distributions/federation/address.ts';
import { apiserverService } from '../../../src/distributions/federation/manifests.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import { conditionOf } from '../../../src/kubernetes/conditions.ts';
import { warningOf } from '../../../src/kubernetes/events.ts';
import type { StepFacts } from '../../../src/catalogue/facts.ts';
import { names } from '../../../src/kubernetes/names.ts';
import { nodeAddress, serviceAddress } from '../../../src/kubernetes/readiness.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { ensurePatched, readEvents, targetOf } from '../../control-plane/objects.ts';
import type { Deps } from '../../kit/deps.ts';
import { failure } from '../../kit/fail.ts';
import { reading, type StepScope, writing } from '../../core/step.ts';
import { type ProbeResult, waitUntil } from '../../kit/wait.ts';

type AddressCall = CallOf<'apiserver/address'>;
type AddressFacts = StepFacts['apiserver/address'];

/** The Service that everybody reaches federation-apiserver by. Throws FOREIGN, FIELD_OWNED. */
async function ensureApiserverService(
  scope: StepScope,
  call: CallOf<'apiserver/service'>,
): Promise<ResultOf<'apiserver/service'>> {
  const { apiserver, patches } = call.input.spec;
  const { outcome } = await ensurePatched(scope, apiserverService(targetOf(scope), apiserver), patches);
  return { outcome, facts: {} };
}

/**
 * Waits until clients have an address: the spec's own word, what the load balancer gave (a host name must resolve), or
 * that of a Ready node. Says meanwhile what the Service's events say. Throws NO_ADDRESS when it timed out.
 */
async function waitForApiserverAddress(scope: StepScope, call: AddressCall): Promise<ResultOf<'apiserver/address'>> {
  const data = { namespace: scope.run.host.namespace };
  const facts = await waitUntil(call, 'NO_ADDRESS', () => lookForAddress(scope, call.input.spec), { data });
  return { outcome: 'done', note: serverUrl(facts.address, facts.port), facts };
}

async function lookForAddress(
  scope: StepScope,
  spec: AddressCall['input']['spec'],
): Promise<ProbeResult<AddressFacts>> {
  const { namespace } = scope.run.host;
  const service = await scope.host.read({ apiVersion: 'v1', kind: 'Service', name: names.apiserver, namespace });
  if (!service)
    throw failure('NOT_FOUND', `Service ${names.apiserver} is not in namespace ${namespace}: retry apiserver/service`);
  const nodePort = spec.apiserver.serviceType === 'NodePort';
  const port = portOf(service, nodePort);
  if (!port) return { why: `Service ${names.apiserver} has no ${nodePort ? 'nodePort' : 'port'} yet` };
  const { advertiseAddress } = spec.apiserver;
  // The operator's word: whether it can be reached shows when /healthz is asked through it.
  if (advertiseAddress) return { value: { address: advertiseAddress, kind: kindOf(advertiseAddress), port } };
  return nodePort ? addressOfNode(scope, port) : addressOfBalancer(scope, service, port, spec.dns?.resolvers);
}

const kindOf = (address: string): AddressFacts['kind'] => (isIp(address) ? 'ip' : 'hostname');

/** The port that clients use: a patch of the spec may have moved it, so the Service is asked. */
function portOf(service: KubeObject, nodePort: boolean): number | undefined {
  const ports = (service['spec'] as { ports?: { name?: string; port: number; nodePort?: number }[] } | undefined)
    ?.ports;
  const https = ports?.find(({ name }) => name === 'https') ?? ports?.[0];
  return nodePort ? https?.nodePort : https?.port;
}

async function addressOfBalancer(
  scope: StepScope,
  service: KubeObject,
  port: number,
  resolvers: readonly string[] = [],
): Promise<ProbeResult<AddressFacts>> {
  const found = serviceAddress(service);
  if (!found) {
    const told = warningOf(await readEvents(scope, service), service);
    return { why: `no load balancer has given Service ${names.apiserver} an address yet${told}` };
  }
  if (found.kind === 'hostname' && !(await resolves(scope, found.address, resolvers))) {
    const asked = ['the resolvers of the worker', ...resolvers].join(', ');
    return { why: `host name ${found.address} of the load balancer does not resolve yet (asked: ${asked})` };
  }
  return { value: { ...found, port } };
}

/** `dns.resolvers` may know only the federation's own zone, and the system's resolvers only what is public. */
async function resolves({ deps }: StepScope, name: string, resolvers: readonly string[]): Promise<boolean> {
  const asked = [[], ...(resolvers.length > 0 ? [resolvers] : [])];
  const answers = await Promise.all(asked.map((via) => deps.resolver.addressesOf(name, via)));
  return answers.some((addresses) => addresses.length > 0);
}

async function addressOfNode(scope: StepScope, port: number): Promise<ProbeResult<AddressFacts>> {
  const nodes = await scope.host.list({ apiVersion: 'v1', kind: 'Node' });
  const ready = nodes.filter((node) => conditionOf(node, 'Ready')?.status === 'True');
  // By name, so that the next look takes the same node: the address stands in certificates.
  const address = nodeAddress(ready.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name)));
  if (address) return { value: { address, kind: 'ip', port } };
  return { why: `none of ${nodes.length} nodes is Ready and has an address (${ready.length} are Ready)` };
}

/** The Service of federation-apiserver and its address. */
export const apiserverServiceActivities = (deps: Deps) => ({
  ensureApiserverService: writing<'apiserver/service'>(deps, ensureApiserverService),
  waitForApiserverAddress: reading<'apiserver/address'>(deps, waitForApiserverAddress),
});
