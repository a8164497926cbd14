import { describe, expect, it } from '@jest/globals';
import type { Pod } from '../../../activities/cluster-dns/pods.ts';
import { decide } from '../../../activities/cluster-dns/recycle.ts';
import { controllerOf } from '../../../src/cluster-dns/shapes.ts';
import { kubeDnsDeployment, kubeDnsV18 } from '../../helpers/kubernetes/kube-dns.ts';

type State = 'ready' | 'starting' | 'ending';
const pod = (uid: string, state: State = 'ready'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `kube-dns-${uid}`,
    uid,
    ...(state === 'ending' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
  },
  spec: {},
  status: {
    phase: state === 'starting' ? 'Pending' : 'Running',
    conditions: [{ type: 'Ready', status: state === 'starting' ? 'False' : 'True' }],
    ...(state === 'starting'
      ? {
          containerStatuses: [
            { name: 'kubedns', state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } },
          ],
        }
      : {}),
  },
});
const rc = (replicas: number) => {
  const object = kubeDnsV18();
  (object['spec'] as { replicas: number }).replicas = replicas;
  return controllerOf(object, 'ReplicationController')!;
};
const old = new Set(['old-1', 'old-2', 'old-3']);

describe('recycling, one look at a time', () => {
  it('never takes one before all that should serve do', () => {
    expect(decide(rc(3), [pod('old-1'), pod('old-2'), pod('new-1', 'starting')], old)).toEqual({
      why: '2 of 3 cluster DNS pods serve; pod kube-dns-new-1 is not Ready: ImagePullBackOff: no such image',
    });
    expect(decide(rc(3), [pod('old-1'), pod('old-2')], old)).toEqual({
      why: '2 of 3 cluster DNS pods serve; the next pod has not been created yet',
    });
  });

  it('says what the controller and the events say of a pod that does not come', () => {
    const about = (uid: string | undefined, message: string) => ({
      type: 'Warning',
      reason: 'Any',
      message,
      ...(uid ? { involvedObject: { uid } } : {}),
    });
    const events = [about('new-1', 'Readiness probe failed: timeout'), about('someone-else', 'not of it')];
    const starting = decide(rc(2), [pod('old-1'), pod('new-1', 'starting')], old, events);
    expect(starting).toEqual({
      why:
        '1 of 2 cluster DNS pods serve; pod kube-dns-new-1 is not Ready: ImagePullBackOff: no such image' +
        ' (Readiness probe failed: timeout)',
    });
    const refused = rc(2);
    const message = 'pods "kube-dns-x" is forbidden: exceeded quota';
    refused.object['status'] = { conditions: [{ type: 'ReplicaFailure', status: 'True', message }] };
    expect(decide(refused, [pod('old-1')], old)).toEqual({
      why: `1 of 2 cluster DNS pods serve; the next pod cannot be created: ${message}`,
    });
  });

  it('takes one at a time: not while another is ending', () => {
    expect(decide(rc(2), [pod('old-1', 'ending'), pod('old-2'), pod('new-1')], old)).toEqual({
      why: 'pod kube-dns-old-1 is terminating',
    });
  });

  it('takes the next when its predecessor has a successor', () => {
    expect(decide(rc(2), [pod('old-2'), pod('new-1')], old)).toMatchObject({
      remove: { metadata: { uid: 'old-2' } },
      left: 0,
    });
  });

  it('takes at once a pod that answers nothing', () => {
    expect(decide(rc(2), [pod('old-1'), pod('old-2', 'starting')], old)).toMatchObject({
      remove: { metadata: { uid: 'old-2' } },
      left: 1,
    });
  });

  it('is done when only others are left, and all of them serve', () => {
    expect(decide(rc(2), [pod('new-1'), pod('new-2')], old)).toEqual({ value: true });
    expect(decide(rc(2), [pod('new-1'), pod('new-2', 'starting')], old)).toMatchObject({
      why: expect.stringContaining('1 of 2'),
    });
    expect(decide(rc(0), [], old)).toEqual({ value: true });
  });

  it('never touches a pod that is not in the ledger', () => {
    expect(decide(rc(1), [pod('theirs')], old)).toEqual({ value: true });
  });

  it('leaves the pods to a Deployment that is rolling out, and says when it is paused', () => {
    const rolling = kubeDnsDeployment({ replicas: 2 });
    rolling.metadata.generation = 2;
    rolling['status'] = { observedGeneration: 2, updatedReplicas: 1 };
    const pods = [pod('old-1'), pod('old-2'), pod('new-1', 'starting')];
    expect(decide(controllerOf(rolling, 'Deployment')!, pods, old)).toEqual({
      why: 'Deployment kube-dns replaces its pods: 1 of 2 are new; pod kube-dns-new-1 is not Ready: ImagePullBackOff: no such image',
    });
    (rolling['spec'] as { paused?: boolean }).paused = true;
    expect(decide(controllerOf(rolling, 'Deployment')!, pods, old)).toMatchObject({
      why: expect.stringContaining('is paused'),
    });
    rolling['status'] = { observedGeneration: 2, updatedReplicas: 2 };
    expect(decide(controllerOf(rolling, 'Deployment')!, [pod('old-1'), pod('old-2')], old)).toHaveProperty('remove');
  });
});
