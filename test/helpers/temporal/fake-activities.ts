import { ApplicationFailure } from '@temporalio/activity';
import type { RunContext, StepCall, StepResult } from '../../../src/catalogue/call.ts';
import type { StepDefinition } from '../../../src/catalogue/definition.ts';
import type { FrozenGraph } from '../../../src/graph/frozen.ts';
import { freezeDown, freezeUp } from '../../../src/graph/freeze.ts';
import { freezeJoin, freezeUnjoin, withPruned } from '../../../src/graph/membership.ts';
import { hostSteps, memberSteps } from '../../../src/distributions/federation/steps.ts';
import type { ClusterSpec } from '../../../src/spec/schema.ts';
import { aSpec } from '../common/spec.ts';
import type { PlanQuestion, Taken } from '../../../src/catalogue/side-inputs.ts';

/** Facts that later steps use; the rest of the catalogue tells nothing. */
const facts: Record<string, object> = {
  'preflight/images': { apiserver: 'a@sha256:1', controllerManager: 'c@sha256:2', etcd: 'e@sha256:3' },
  'images/build': { imageId: 'sha256:4', tag: 't' },
  'images/push': { reference: 'r:t', digest: 'sha256:5' },
  'images/record': { apiserver: 'a@sha256:1', controllerManager: 'c@sha256:2', etcd: 'e@sha256:3', version: 'v1.5.0' },
  'host/namespace': { uuid: 'uuid-of-the-label', created: true },
  'host/record': { uuid: 'uuid-of-the-label' },
  'apiserver/address': { address: '10.0.0.1', kind: 'ip', port: 443 },
  'apiserver/credentials': { secretVersion: '1' },
  'controller-manager/credentials': { secretVersion: '1' },
  'dns/zone': { zoneId: 'z', nameServers: [], controllerZone: 'z' },
};
const memberFacts = {
  reached: true,
  entries: ['ServiceAccount one'],
  secretName: 's',
  secretVersion: '1',
  changed: false,
  pods: [],
};

/** Activities that are no step of the catalogue. */
const besides = ['removeFederatedObjects', 'sweep', 'lookAtLeaving', 'openDebt', 'settleDebt'];

/** What one step does instead of its real activity. */
export type Behaviour = (call: StepCall, attempt: number) => StepResult | Promise<StepResult | undefined> | undefined;

/** A world in which every step succeeds at once, but for what `set` says. Records every call: undos as `undo <step>`. */
export class FakeWorld {
  readonly calls: string[] = [];
  /** What each call was told of its run. */
  readonly runs: { id: string; run: RunContext }[] = [];
  /** Runs that began to hold their federation, and those that gave it back. */
  readonly held: RunContext[] = [];
  readonly released: RunContext[] = [];
  readonly #behaviours = new Map<string, Behaviour>();
  /** ms between slow automatic attempts. */
  slowEveryMs = 60_000;
  /** ms after which a builder that takes no task is away. */
  builderAwayMs = 120_000;
  /** ms without a heartbeat after which a worker is taken for dead; undefined: as the catalogue has it. */
  heartbeatMs?: number;

  /** Replaces what a step does; undefined as its answer means: succeed. */
  set(step: string, behaviour: Behaviour): void {
    this.#behaviours.set(step, behaviour);
  }
  /** Fails a step for good until it is fixed. */
  break(step: string, code: 'FORBIDDEN' | 'INVALID' = 'FORBIDDEN'): void {
    this.set(step, (call) => {
      throw ApplicationFailure.create({
        message: `${step} is broken on purpose`,
        type: code,
        nonRetryable: !call.parked,
      });
    });
  }
  /** What a step does now instead. */
  behaviour(step: string): Behaviour | undefined {
    return this.#behaviours.get(step);
  }
  fix(step: string): void {
    this.#behaviours.delete(step);
  }
  count(step: string): number {
    return this.calls.filter((id) => id === step).length;
  }

  async #act(id: string, call: StepCall): Promise<StepResult> {
    this.calls.push(id);
    this.runs.push({ id, run: call.run });
    const answer = await this.#behaviours.get(id)?.(call, this.count(id));
    if (answer) return answer;
    if (id !== call.step) return { outcome: 'removed', facts: {} };
    const told = call.step.startsWith('clusters/') ? memberFacts : (facts[call.step] ?? {});
    return { outcome: 'created', facts: told as StepResult['facts'] };
  }

  activities(): Record<string, (call: StepCall) => Promise<unknown>> {
    const steps: StepDefinition[] = [...Object.values(hostSteps), ...Object.values(memberSteps)];
    const asked = (call: StepCall): object => (call.input as object | undefined) ?? {};
    const act = (call: StepCall): Promise<StepResult> =>
      this.#act('undo' in asked(call) ? `undo ${call.step}` : call.step, call);
    const names = steps.flatMap((step) => [step.activity, ...(step.undo ? [step.undo] : [])]);
    const all = Object.fromEntries([...names, ...besides].map((name) => [name, act]));
    const noted = (list: RunContext[]) => async (call: StepCall) => {
      list.push(call.run);
      await this.#behaviours.get(call.step)?.(call, 1);
      return { outcome: 'done', facts: {} };
    };
    return {
      ...all,
      planSteps: (call) => this.#plan(call as StepCall<Taken<'plan'>>),
      holdFederation: noted(this.held),
      releaseFederation: noted(this.released),
    };
  }

  /** Members that stand, as the record would have them. */
  standing: ClusterSpec[] = [];

  async #plan(call: StepCall<Taken<'plan'>>): Promise<unknown> {
    await this.#behaviours.get(call.step)?.(call, 1);
    const { plan } = call.input;
    const graph = this.#graph(plan);
    for (const { timing } of graph.steps) timing.heartbeatMs = this.heartbeatMs ?? timing.heartbeatMs;
    return { outcome: 'done', facts: { graph, uuid: call.run.uuid } };
  }

  #graph({ operation, spec, down, join = [], unjoin = [], prune }: PlanQuestion): FrozenGraph {
    const options = { slowEveryMs: this.slowEveryMs, builderAwayMs: this.builderAwayMs };
    const given = spec ?? aSpec({ dns: true });
    const stands = { ...given, clusters: this.standing };
    if (operation === 'down') return freezeDown(given, down ?? { volumes: 'keep' }, options);
    if (operation === 'join') {
      const names = join.map(({ name }) => name);
      return freezeJoin({ ...stands, clusters: [...this.standing, ...join] }, names, options);
    }
    const leaves = ({ name }: ClusterSpec): boolean =>
      operation === 'unjoin' ? unjoin.includes(name) : !given.clusters.some((cluster) => cluster.name === name);
    const leaving = this.standing.filter(leaves);
    if (operation === 'unjoin') return freezeUnjoin(stands, leaving, options);
    const up = freezeUp(given, options);
    return prune ? withPruned(up, given, leaving) : up;
  }
}
