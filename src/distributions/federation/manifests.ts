/** The objects of a federation/v1beta1 control plane, rendered from the spec and a few facts. Pure. */
export {
  apiserverDeployment,
  type ApiserverInput,
  apiserverService,
  etcdClaim,
  rangeNotPassed,
  servicePort,
} from './apiserver.ts';
export {
  controllerManagerDeployment,
  type ControllerManagerInput,
  controllerManagerRbac,
} from './controller-manager.ts';
export { secretObject } from './objects.ts';
