import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createActivities } from '../../../activities/index.ts';
import { recordIntents, recordUids, readEntry } from '../../../activities/core/ledger.ts';
import { ensureObject, entryFor } from '../../../activities/core/objects.ts';
import { inStep, type StepScope } from '../../../activities/core/step.ts';
import type { Deps } from '../../../activities/core/deps.ts';
import type { StepCall } from '../../../src/catalogue/call.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import { hostPlace } from '../../../src/kubernetes/place.ts';
import { counted } from '../../helpers/kubernetes/counted-kube.ts';
import { type HostWorld, hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf } from '../../helpers/kubernetes/member-world.ts';
import { undoOf } from '../../helpers/common/undo.ts';

let server: KubeApiserver;
let world: HostWorld;
beforeAll(async () => {
  server = await startKubeApiserver();
}, 90_000);
afterAll(() => server.stop());
beforeEach(async () => {
  world = await hostWorld(server);
});

const rbac = 'controller-manager/rbac' as const;
const ensureRbac = (deps: Deps) => world.act(createActivities(deps).ensureControllerManagerRbac, world.call(rbac));
const undo = (deps: Deps) => world.act(createActivities(deps).removeObjects, undoOf(world.call(rbac)));
const certificates = (deps: Deps) =>
  world.act(createActivities(deps).ensureCertificateAuthority, world.call('apiserver/certificates'));
const inScope = <T>(deps: Deps, act: (scope: StepScope) => Promise<T>): Promise<T> => {
  const call = world.call(rbac) as StepCall;
  return world.act(() => inStep(deps, call, act), call);
};
/** A server that refuses the third object that is applied. */
function refusingThird(deps: Deps): Deps {
  let applied = 0;
  const forContext: typeof deps.kube.forContext = async (ref) => {
    const kube = await deps.kube.forContext(ref);
    const apply: typeof kube.apply = async (object, options) => {
      applied += 1;
      // A label that no server takes.
      const labels = { ...object.metadata.labels, 'not a label': 'x' };
      return kube.apply(applied === 3 ? { ...object, metadata: { ...object.metadata, labels } } : object, options);
    };
    return { ...kube, apply };
  };
  return { ...deps, kube: { ...deps.kube, forContext } };
}
/** What three objects, all of the controller manager's name, are of. */
const kinds = ['Role', 'RoleBinding', 'ServiceAccount'];
const standing = async () => {
  const found = await Promise.all(
    kinds.map((kind) =>
      world.read(kind === 'ServiceAccount' ? 'v1' : 'rbac.authorization.k8s.io/v1', kind, names.controllerManager),
    ),
  );
  return found.filter((object) => object !== undefined);
};

describe('the requests about a ledger', () => {
  it('are one read, the intents of a step and their UIDs, however many objects it makes', async () => {
    const first = counted(world.deps);
    await ensureRbac(first.deps);
    expect(await standing()).toHaveLength(3);
    // The first to note something makes the ledger, with the intents in it.
    expect(first.of('ConfigMap', names.ledger)).toEqual(['read', 'create', 'patch']);
    const second = counted(world.deps);
    await certificates(second.deps);
    expect(second.of('ConfigMap', names.ledger)).toEqual(['read', 'patch', 'patch']);
    expect((await world.ledger()).map(({ uid }) => uid)).not.toContain('');
  });

  it('are one read where everything stands', async () => {
    await ensureRbac(world.deps);
    const again = counted(world.deps);
    expect((await ensureRbac(again.deps)).outcome).toBe('kept');
    expect(again.of('ConfigMap', names.ledger)).toEqual(['read']);
  });

  it('are one read of an undo, and a patch for each object that is gone', async () => {
    await ensureRbac(world.deps);
    const undone = counted(world.deps);
    await undo(undone.deps);
    expect(undone.of('ConfigMap', names.ledger)).toEqual(['read', 'patch', 'patch', 'patch']);
    expect([await standing(), await world.ledger()]).toEqual([[], []]);
  });

  it('go on where two steps make the ledger at the same time', async () => {
    await Promise.all([ensureRbac(world.deps), certificates(world.deps)]);
    expect((await world.ledger()).map(({ kind }) => kind).sort()).toEqual([...kinds, 'Secret'].sort());
  });

  it('make the ledger anew where it went while the step worked', async () => {
    await ensureRbac(world.deps);
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: names.ledger, namespace: world.namespace };
    const entry = await inScope(world.deps, async (scope) => {
      const other = entryFor(scope, hostPlace, { ...ref, name: 'other' }, 'created');
      await readEntry(scope, other);
      await world.host.remove(ref, { uid: (await world.host.read(ref))!.metadata.uid! });
      await recordIntents(scope, [other]);
      return readEntry(scope, other);
    });
    expect(await world.ledger()).toEqual([entry]);
  });
});

describe('a worker that is killed', () => {
  it('before the first object leaves intents, which an undo takes out', async () => {
    const dying = counted(world.deps, (request) => request.startsWith('apply '));
    expect(await failureOf(ensureRbac(dying.deps))).toMatchObject({ type: 'SERVER_ERROR' });
    expect((await world.ledger()).map(({ kind, uid }) => `${kind} ${uid}`).sort()).toEqual(
      kinds.map((kind) => `${kind} `),
    );
    expect((await undo(world.deps)).outcome).toBe('removed');
    expect(await world.ledger()).toEqual([]);
  });

  it('between two objects, or before their UIDs are noted, loses none of them', async () => {
    let applied = 0;
    const between = counted(world.deps, (request) => request.startsWith('apply ') && (applied += 1) > 2);
    expect(await failureOf(ensureRbac(between.deps))).toMatchObject({ type: 'SERVER_ERROR' });
    expect(await standing()).toHaveLength(2);
    expect((await world.ledger()).map(({ uid }) => uid)).toEqual(['', '', '']);
    let made = false;
    const before = counted(world.deps, (request) => {
      made ||= request.startsWith('apply ');
      return made && request.startsWith('patch ');
    });
    expect(await failureOf(ensureRbac(before.deps))).toMatchObject({ type: 'SERVER_ERROR' });
    const all = await standing();
    expect(all).toHaveLength(3);
    expect((await world.ledger()).map(({ uid }) => uid)).toEqual(['', '', '']);
    await undo(world.deps);
    expect([await standing(), await world.ledger()]).toEqual([[], []]);
  });

  it('finds its objects again, and notes which they are', async () => {
    let patches = 0;
    const before = counted(world.deps, (request) => request.startsWith('patch ') && (patches += 1) > 0);
    expect(await failureOf(ensureRbac(before.deps))).toMatchObject({ type: 'SERVER_ERROR' });
    const uids = (await standing()).map(({ metadata }) => metadata.uid);
    expect((await ensureRbac(world.deps)).outcome).toBe('kept');
    expect((await world.ledger()).map(({ uid }) => uid).sort()).toEqual(uids.sort());
  });
});

describe('an entry', () => {
  it('that is there keeps its origin and its run; only the UID is noted', async () => {
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'one', namespace: world.namespace };
    await inScope(world.deps, async (scope) => {
      await recordIntents(scope, [entryFor(scope, hostPlace, ref, 'adopted')]);
      const later = { ...scope, run: { ...scope.run, firstRunId: 'a-later-run' } };
      const created = entryFor(later, hostPlace, ref, 'created');
      await recordIntents(later, [created]);
      await recordUids(later, [{ ...created, uid: 'uid-1' }]);
    });
    expect(await world.ledger()).toEqual([
      expect.objectContaining({ origin: 'adopted', firstRunId: world.run.firstRunId, uid: 'uid-1' }),
    ]);
  });

  it('of an object that one step failed at does not keep those of the others from their UIDs', async () => {
    expect(await failureOf(ensureRbac(refusingThird(world.deps)))).toMatchObject({ type: 'INVALID' });
    expect((await world.ledger()).filter(({ uid }) => uid !== '')).toHaveLength(2);
  });

  it('that cannot be given its UID does not hide why the step failed', async () => {
    const { deps } = counted(refusingThird(world.deps), (request) => request.startsWith('patch '));
    expect(await failureOf(ensureRbac(deps))).toMatchObject({ type: 'INVALID' });
    expect((await world.ledger()).map(({ uid }) => uid)).toEqual(['', '', '']);
  });

  it('of an object that another attempt took over stays, also where the ledger was read before', async () => {
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'one', namespace: world.namespace };
    const { apiVersion, kind, name, namespace } = ref;
    const wanted = { apiVersion, kind, metadata: { name, namespace }, data: { by: 'fedctl' } };
    await world.host.create({ ...wanted, data: { by: 'a person' } });
    await inScope(world.deps, async (scope) => {
      await readEntry(scope, entryFor(scope, hostPlace, ref, 'created'));
      await inScope(world.deps, (other) =>
        ensureObject({ ...other, run: { ...other.run, adopt: true } }, 'host', wanted),
      );
      await ensureObject(scope, 'host', wanted);
    });
    expect(await world.ledger()).toMatchObject([{ name: 'one', origin: 'adopted' }]);
  });
});
