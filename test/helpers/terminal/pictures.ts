import type { PendingActivity, RunObservation } from '../../../src/cli/views/status-model.ts';
import type { Outcome } from '../../../src/catalogue/call.ts';
import type { FrozenGraph } from '../../../src/graph/frozen.ts';
import { freezeDown, freezeUp } from '../../../src/graph/freeze.ts';
import { freezeJoin } from '../../../src/graph/membership.ts';
import { expandTemplate } from '../../../src/graph/refs.ts';
import { memberWorkflowIdOf, workflowIdOf, type Operation } from '../../../src/run/input.ts';
import { withRunStatus } from '../../../src/run/schedule.ts';
import { blockOf, initialState, planned, reduce, type RunEvent, type RunState } from '../../../src/run/state.ts';
import type { StepError } from '../../../src/errors/step-error.ts';
import type { ClusterSpec } from '../../../src/spec/schema.ts';
import { aSpec } from '../common/spec.ts';

const federation = 'myfederation';
const uuid = '7f4df5c6-3c1c-4f0e-9a86-2f6b3f3b8f11';
const spec = aSpec({ clusters: ['member-1', 'member-2'], dns: true });

/** When the pictures are looked at, ms since 1970, and a moment some seconds before it, ISO 8601. */
export const now = Date.parse('2026-11-24T12:10:00.000Z');
export const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

/** A run, told as events to the real reducer, over the graph of the real catalogue. */
class Story {
  state: RunState;
  readonly graph: FrozenGraph;
  activities: PendingActivity[] = [];
  constructor(operation: Operation, graph: FrozenGraph, member?: ClusterSpec) {
    this.graph = member
      ? { ...graph, steps: expandTemplate(graph.clusters?.template ?? [], member), clusters: null }
      : graph;
    this.state = initialState({ federation, uuid, operation, ...(member ? { member: member.name } : {}) });
    this.tell(planned(this.graph, (name) => memberWorkflowIdOf(federation, name)));
  }
  tell(...events: RunEvent[]): this {
    for (const event of events) this.state = withRunStatus(reduce(this.state, event), ago(60));
    return this;
  }
  /** Steps one after the other, two seconds each, the first of them `from` seconds ago. */
  finish(ids: readonly string[], outcome: Outcome, from: number, facts: Record<string, object> = {}): this {
    ids.forEach((step, index) => {
      const at = from - index * 2;
      this.tell(
        { type: 'started', step, at: ago(at) },
        { type: 'finished', step, at: ago(at - 2), outcome, note: null, facts: (facts[step] ?? {}) as never },
      );
    });
    return this;
  }
  ids(...prefixes: string[]): string[] {
    return this.graph.steps.map((step) => step.id).filter((id) => prefixes.some((prefix) => id.startsWith(prefix)));
  }
  seen(execution: RunObservation['execution'] = 'RUNNING'): RunObservation {
    const { member } = this.state;
    const workflowId = member ? memberWorkflowIdOf(federation, member) : workflowIdOf(federation);
    return { workflowId, runId: 'run', execution, state: this.state, activities: this.activities };
  }
}

/** What `mergeStatus` is given. */
export interface Picture {
  parent: RunObservation;
  children: RunObservation[];
}

const up = (): Story => new Story('up', freezeUp(spec));
const down = (): Story => new Story('down', freezeDown(spec, { volumes: 'delete' }));
const member = (operation: Operation, graph: FrozenGraph, index: number): Story =>
  new Story(operation, graph, spec.clusters[index]);
const facts = {
  'apiserver/address': { address: '10.88.0.200', kind: 'ip', port: 443 },
  'dns/zone': { zoneId: 'z', nameServers: ['ns1.federation.example.'] },
  'images/record': { apiserver: 'r.example/hyperkube:v1@sha256:11', etcd: 'r.example/etcd:3@sha256:22' },
  'apiserver/credentials': { secretVersion: '1', expires: '2027-11-24T12:00:00.000Z' },
};

const undelegated = {
  state: 'missing',
  problems: ['example. does not delegate to it'],
  records: ['federation.example. IN NS ns1.federation.example.', 'ns1.federation.example. IN A 192.0.2.53'],
};

/** A turn-up that waits for the load balancer; a probe is at its third attempt. */
export function running(): Picture {
  const story = up();
  story.finish(story.ids('preflight/', 'host/'), 'done', 40).finish(['apiserver/service'], 'created', 20);
  story.tell(
    { type: 'started', step: 'apiserver/address', at: ago(18) },
    { type: 'started', step: 'dns/zone', at: ago(19) },
  );
  const waits = { nextAttemptAt: null, error: null };
  story.activities = [
    { activityId: 'apiserver/address', attempt: 1, detail: 'the load balancer has given no address yet', ...waits },
    {
      activityId: 'dns/zone',
      attempt: 3,
      nextAttemptAt: ago(-4),
      detail: null,
      error: { code: 'UNREACHABLE', message: 'http://10.88.0.53:8081 does not answer', data: {} },
    },
  ];
  return { parent: story.seen(), children: [] };
}

/** A turn-up in which one member is blocked and the other is there. */
export function blocked(): Picture {
  const story = up();
  story.finish(
    story.ids('preflight/', 'images/', 'host/', 'apiserver/', 'etcd/', 'controller-manager/', 'admin/', 'dns/'),
    'created',
    300,
    facts,
  );
  const error: StepError = {
    code: 'FORBIDDEN',
    message: 'the user of context member-2 may not create serviceaccounts in namespace federation',
    data: { cluster: 'member-2' },
  };
  const [good, bad] = [member('up', story.graph, 0), member('up', story.graph, 1)];
  good.finish(good.ids('clusters/'), 'created', 120).tell({ type: 'status', status: 'completed' });
  bad.finish(['clusters/member-2/reach'], 'done', 120);
  const step = 'clusters/member-2/identity';
  bad.tell(
    { type: 'started', step, at: ago(118) },
    { type: 'blocked', step, at: ago(60), error, nextAttemptAt: ago(-30) },
  );
  story.tell(
    { type: 'cluster', name: 'member-1', status: 'ready', blockedStep: null },
    { type: 'cluster', name: 'member-2', status: 'blocked', blockedStep: step, block: blockOf(bad.state.steps[step]!) },
  );
  return { parent: story.seen(), children: [good.seen('COMPLETED'), bad.seen()] };
}

/** A turn-up that was cancelled while one member was blocked and a step ran. */
export function cancelled(): Picture {
  const { parent, children } = blocked();
  const step = 'verify/control-plane';
  const events: RunEvent[] = [
    { type: 'started', step, at: ago(50) },
    { type: 'status', status: 'cancelled' },
  ];
  const over = { execution: 'FAILED', closedAt: ago(40) } as const;
  return {
    parent: { ...parent, ...over, state: parent.state && events.reduce(reduce, parent.state) },
    children: children.map((child) => (child.execution === 'RUNNING' ? { ...child, ...over } : child)),
  };
}

/** A second turn-up that found nearly all as wanted. */
export function completed(): Picture {
  const story = up();
  story.finish(story.ids('preflight/'), 'done', 120);
  story.finish(
    story.ids('images/', 'host/', 'apiserver/', 'etcd/', 'controller-manager/', 'admin/', 'dns/'),
    'kept',
    100,
    { ...facts, 'dns/delegation': undelegated },
  );
  story.finish(['apiserver/deployment'], 'updated', 50).finish(story.ids('verify/'), 'done', 10);
  const children = [0, 1].map((index) => {
    const child = member('up', story.graph, index);
    child.finish(child.ids('clusters/'), 'kept', 40).tell({ type: 'status', status: 'completed' });
    return child.seen('COMPLETED');
  });
  for (const { name } of spec.clusters) story.tell({ type: 'cluster', name, status: 'ready', blockedStep: null });
  story.tell({ type: 'status', status: 'completed' });
  return { parent: story.seen('COMPLETED'), children };
}

/** A join of one more member that has ended: the run knows of no other. */
export function joined(): Picture {
  const more = aSpec({ clusters: ['member-1', 'member-2', 'member-3'], dns: true });
  const story = new Story('join', freezeJoin(more, ['member-3']));
  const child = new Story('join', story.graph, more.clusters[2]);
  child.finish(child.ids('clusters/'), 'created', 60).tell({ type: 'status', status: 'completed' });
  story.finish(story.ids(''), 'done', 30);
  story.tell({ type: 'cluster', name: 'member-3', status: 'ready', blockedStep: null });
  story.tell({ type: 'status', status: 'completed' });
  const seen = { startedAt: ago(65), closedAt: ago(20) };
  return { parent: { ...story.seen('COMPLETED'), ...seen }, children: [child.seen('COMPLETED')] };
}

/** A turn-down in which one member has left and the other is leaving. */
export function leaving(): Picture {
  const story = down();
  story.finish(['down/federated-objects'], 'done', 30);
  const [gone, going] = [member('down', story.graph, 0), member('down', story.graph, 1)];
  gone.finish(gone.ids('clusters/'), 'removed', 26).tell({ type: 'status', status: 'completed' });
  going.finish(['clusters/member-2/recycle'], 'removed', 10);
  going.tell({ type: 'started', step: 'clusters/member-2/cluster-dns', at: ago(4) });
  story.tell(
    { type: 'cluster', name: 'member-1', status: 'unjoined', blockedStep: null },
    { type: 'cluster', name: 'member-2', status: 'joining', blockedStep: null },
  );
  return { parent: story.seen(), children: [gone.seen('COMPLETED'), going.seen()] };
}

/** A turn-down that has ended. */
export function gone(): Picture {
  const story = down();
  story.finish(story.ids(''), 'removed', 100, { 'dns/zone': facts['dns/zone'] });
  for (const { name } of spec.clusters) story.tell({ type: 'cluster', name, status: 'unjoined', blockedStep: null });
  story.tell({ type: 'status', status: 'completed' });
  return { parent: story.seen('COMPLETED'), children: [] };
}

/** A fleet of thirty: most are there, one is blocked, five join, the others wait their turn. */
export function fleet(): Picture {
  const names = Array.from({ length: 30 }, (_, at) => `member-${String(at + 1).padStart(2, '0')}`);
  const many = aSpec({ clusters: names, dns: true });
  const story = new Story('up', freezeUp(many));
  story.finish(
    story.ids('preflight/', 'images/', 'host/', 'apiserver/', 'etcd/', 'controller-manager/', 'admin/', 'dns/'),
    'created',
    300,
    facts,
  );
  const error: StepError = { code: 'UNREACHABLE', message: 'https://10.0.0.21:6443 cannot be reached', data: {} };
  const children = many.clusters.flatMap((cluster, at) => {
    const child = new Story('up', story.graph, cluster);
    const to = (status: 'ready' | 'blocked' | 'joining', blockedStep: string | null = null): RunObservation[] => {
      story.tell({ type: 'cluster', name: cluster.name, status, blockedStep });
      return [child.seen(status === 'ready' ? 'COMPLETED' : 'RUNNING')];
    };
    if (at < 20) {
      child.finish(child.ids('clusters/'), 'created', 200 - at).tell({ type: 'status', status: 'completed' });
      return to('ready');
    }
    const step = `clusters/${cluster.name}/reach`;
    if (at < 26) child.tell({ type: 'started', step, at: ago(90) });
    if (at === 20) {
      child.tell({ type: 'blocked', step, at: ago(60), error, nextAttemptAt: ago(-30) });
      return to('blocked', step);
    }
    return at < 26 ? to('joining') : [];
  });
  return { parent: story.seen(), children };
}

/** Every picture, by name. */
export const pictures = { running, fleet, blocked, cancelled, completed, joined, leaving, gone } as const;
