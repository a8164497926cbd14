import { isIp } from '../../src/spec/texts.ts';
import type { StepCall } from '../../src/catalogue/call.ts';
import { conditionOf } from '../../src/kubernetes/conditions.ts';
import { warningOf } from '../../src/kubernetes/events.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { type Address, nodeAddress, serviceAddress } from '../../src/kubernetes/readiness.ts';
import type { StepScope } from '../core/step.ts';
import { failure } from '../kit/fail.ts';
import { type ProbeResult, waitUntil } from '../kit/wait.ts';
import { readEvents } from './objects.ts';

/** What clients reach a Service by. */
export interface ServiceAddress extends Address {
  port: number;
}

/** Whose address is asked for, and where from. */
export interface AddressQuestion {
  /** Of the Service. */
  name: string;
  /** The step that makes it. */
  madeBy: string;
  /** Clients reach it at a node; else at its load balancer. */
  nodePort: boolean;
  /** The operator's own word. */
  advertiseAddress?: string | undefined;
  /** Asked beside the worker's own for a host name. */
  resolvers?: readonly string[] | undefined;
}

/**
 * Waits until clients have an address: the spec's own word, what the load balancer gave (a host name must resolve), or
 * that of a Ready node. Says meanwhile what the Service's events say. Throws NO_ADDRESS when it timed out.
 */
export async function waitForServiceAddress(
  scope: StepScope,
  call: Pick<StepCall, 'waitMs'>,
  question: AddressQuestion,
): Promise<ServiceAddress> {
  const data = { namespace: scope.run.host.namespace, service: question.name };
  return waitUntil(call, 'NO_ADDRESS', () => lookForAddress(scope, question), { data });
}

async function lookForAddress(scope: StepScope, question: AddressQuestion): Promise<ProbeResult<ServiceAddress>> {
  const { namespace } = scope.run.host;
  const { name, madeBy, nodePort, advertiseAddress } = question;
  const service = await scope.host.read({ apiVersion: 'v1', kind: 'Service', name, namespace });
  if (!service) throw failure('NOT_FOUND', `Service ${name} is not in namespace ${namespace}: retry ${madeBy}`);
  const port = portOf(service, nodePort);
  if (!port) return { why: `Service ${name} has no ${nodePort ? 'nodePort' : 'port'} yet` };
  // The operator's word: whether it can be reached shows when /healthz is asked through it.
  if (advertiseAddress) return { value: { address: advertiseAddress, kind: kindOf(advertiseAddress), port } };
  return nodePort ? addressOfNode(scope, port) : addressOfBalancer(scope, service, port, question.resolvers);
}

const kindOf = (address: string): ServiceAddress['kind'] => (isIp(address) ? 'ip' : 'hostname');

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
): Promise<ProbeResult<ServiceAddress>> {
  const found = serviceAddress(service);
  if (!found) {
    const told = warningOf(await readEvents(scope, service), service);
    return { why: `Service ${service.metadata.name} has no load balancer address yet${told}` };
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

async function addressOfNode(scope: StepScope, port: number): Promise<ProbeResult<ServiceAddress>> {
  const nodes = await scope.host.list({ apiVersion: 'v1', kind: 'Node' });
  const ready = nodes.filter((node) => conditionOf(node, 'Ready')?.status === 'True');
  // By name, so that the next look takes the same node: the address stands in certificates.
  const address = nodeAddress(ready.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name)));
  if (address) return { value: { address, kind: 'ip', port } };
  return { why: `none of ${nodes.length} nodes is Ready and has an address (${ready.length} are Ready)` };
}
