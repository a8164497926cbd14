import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CoreV1Api, V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import type { Settings } from '../settings.ts';

/** The class that the sandbox's cloud makes volumes for, and who it says it is. */
export const storageClass = { name: 'standard', provisioner: 'sandbox.fedctl/host-path' };

/** Volumes are called after the claim they are for, so that one claim never gets two. */
const volumeName = ({ metadata }: V1PersistentVolumeClaim): string => `pv-${metadata?.uid}`;

const wantsVolume = ({ spec, metadata }: V1PersistentVolumeClaim): boolean =>
  spec?.storageClassName === storageClass.name && !spec.volumeName && !metadata?.deletionTimestamp;

const isReleased = ({ status, spec }: V1PersistentVolume): boolean =>
  status?.phase === 'Released' && spec?.persistentVolumeReclaimPolicy === 'Delete';

function volumeFor(claim: V1PersistentVolumeClaim, path: string): V1PersistentVolume {
  const { name = '', namespace = '', uid = '' } = claim.metadata ?? {};
  const { resources, accessModes } = claim.spec ?? {};
  return {
    metadata: {
      name: volumeName(claim),
      annotations: { 'pv.kubernetes.io/provisioned-by': storageClass.provisioner },
    },
    spec: {
      capacity: { storage: resources?.requests?.['storage'] ?? '1Gi' },
      accessModes: accessModes ?? ['ReadWriteOnce'],
      storageClassName: storageClass.name,
      persistentVolumeReclaimPolicy: 'Delete',
      hostPath: { path, type: 'Directory' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
    },
  };
}

/** Makes a folder and a volume for every claim that has none, and takes both away when the claim is gone. */
export async function serveVolumes({ layout }: Settings, api: CoreV1Api, give: boolean): Promise<void> {
  const volumes = (await api.listPersistentVolume()).items;
  const names = new Set(volumes.map(({ metadata }) => metadata?.name));
  const claims = give ? (await api.listPersistentVolumeClaimForAllNamespaces()).items : [];
  for (const claim of claims) {
    if (!wantsVolume(claim) || names.has(volumeName(claim))) continue;
    const path = join(layout.state, 'volumes', volumeName(claim));
    await mkdir(path, { recursive: true });
    await chmod(path, 0o777); // pods run as users of their own, and fsGroup does not reach a hostPath
    await api.createPersistentVolume({ body: volumeFor(claim, path) });
  }
  for (const volume of volumes.filter(isReleased)) {
    await api.deletePersistentVolume({ name: volume.metadata?.name ?? '' });
    await rm(volume.spec?.hostPath?.path ?? '', { recursive: true, force: true });
  }
}
