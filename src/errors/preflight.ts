import { defineErrors } from './types.ts';

/** Codes of the checks before anything is written, and of those after everything was removed. */
export const preflightErrors = defineErrors({
  HOST_TOO_OLD: {
    retry: 'never',
    title: 'the host cluster is too old',
    fix: () => ['upgrade it, or choose another spec.host.context'],
  },
  STORAGE_CLASS_MISSING: {
    retry: 'never',
    title: 'no StorageClass for the PersistentVolumeClaim of etcd',
    fix: () => ['set spec.etcd.storageClassName to a class of the host', 'or mark one of them as the default class'],
  },
  MEMBER_TWICE: {
    retry: 'never',
    title: 'the same cluster is in the spec under two names',
    fix: (d) => [`remove ${d['member'] ?? 'one of the two'} from spec.clusters, or correct its context`],
  },
  FEDERATED_OBJECTS: {
    retry: 'never',
    title: 'the federation still has federated objects',
    fix: () => [
      'delete them everywhere: fedctl down NAME --federated-objects delete',
      'or leave them in the members: fedctl down NAME --federated-objects orphan',
    ],
  },
  FEDERATED_OBJECTS_STAY: {
    retry: 'never',
    title: 'federated objects could not be deleted',
    fix: () => [
      'make the members named above reachable again, then: fedctl retry NAME down/federated-objects',
      'or leave the objects where they are: cancel, then fedctl down NAME --federated-objects orphan',
    ],
  },
  LEFTOVERS: {
    retry: 'never',
    title: 'objects of the federation are left over',
    fix: () => [
      'remove what is named above by hand',
      'then: fedctl retry NAME down/sweep, or where the sweep cannot see it: fedctl skip NAME down/sweep',
    ],
  },
});
