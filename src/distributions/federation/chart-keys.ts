import type { ChartKey } from '../../spec/part.ts';
import { names } from './names.ts';

const images = ['spec', 'images'] as const;

/**
 * Every key of the federation chart's values.yaml (kubernetes-anywhere, branch federation, federation/manifests), and
 * those that its scripts write into it. `output`: with `images.build` the run writes these keys, so it does not read
 * them.
 */
export const chartKeys: Readonly<Record<string, ChartKey>> = {
  namespace: { field: ['spec', 'host', 'namespace'] },
  apiserverName: { refused: 'down, certificates and kubeconfigs go by this name', unless: names.apiserver },
  apiserverRegistry: { field: [...images, 'apiserver', 'registry'], output: true },
  apiserverVersion: { field: [...images, 'apiserver', 'version'], output: true },
  apiserverServiceCIDR: { field: ['spec', 'apiserver', 'serviceClusterIPRange'] },
  apiserverFetchSvcAddressRegistry: {
    ignored: 'no init container polls for the address: the step apiserver/address waits for it',
  },
  apiserverFetchSvcAddressVersion: { ignored: 'as apiserverFetchSvcAddressRegistry' },
  apiserverInitRegistry: { ignored: 'no init container makes certificates: the step apiserver/certificates does' },
  apiserverInitVersion: { ignored: 'as apiserverInitRegistry' },
  apiserverToken: { ignored: 'fedctl makes its own token, inside the host cluster', secret: true },
  apiserverKnownTokens: { ignored: 'as apiserverToken', secret: true },
  controllerManagerName: {
    refused: 'down finds the Deployment and its ServiceAccount by this name',
    unless: names.controllerManager,
  },
  controllerManagerRegistry: { field: [...images, 'controllerManager', 'registry'], output: true },
  controllerManagerVersion: { field: [...images, 'controllerManager', 'version'], output: true },
  controllerManagerDNSProvider: { field: ['spec', 'dns', 'provider'] },
  controllerManagerFederationName: { field: ['metadata', 'name'] },
  controllerManagerDNSZone: { field: ['spec', 'dns', 'zone'] },
};
