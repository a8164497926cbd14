import type { KubeObject } from '../../kubernetes/objects.ts';
import type { Target } from '../../control-plane/target.ts';
import { appLabel } from './names.ts';

/** Container resources, in the words of Kubernetes. */
export interface Resources {
  requests: { cpu: string; memory: string };
  limits: { cpu: string; memory: string };
}

/** Annotation that kubefed put on everything it made (kubefed init.go); its tools find a federation by it. */
const federationNameAnnotation = 'federation.alpha.kubernetes.io/federation-name';

/** Labels of the Service, the Deployment and the pods of one component, and the selector of all three. */
export const moduleLabels = (module: string): Record<string, string> => ({ app: appLabel, module });

/** An object of the control plane with its metadata. `module` gives it the label of one component. */
export function controlPlaneObject(
  target: Target,
  kind: { apiVersion: string; kind: string; name: string; module?: string; annotations?: Record<string, string> },
  body: Record<string, unknown>,
): KubeObject {
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: {
      name: kind.name,
      namespace: target.namespace,
      labels: kind.module ? moduleLabels(kind.module) : { app: appLabel },
      annotations: { [federationNameAnnotation]: target.federation, ...kind.annotations },
    },
    ...body,
  };
}

/** A Secret of the control plane; values are base64 already, because pure code holds no secret in the clear. */
export const secretObject = (
  target: Target,
  name: string,
  base64: Record<string, string>,
  type = 'Opaque',
): KubeObject => controlPlaneObject(target, { apiVersion: 'v1', kind: 'Secret', name }, { type, data: base64 });

/**
 * What Pod Security's "restricted" asks for, less runAsNonRoot: the images of the time run as root and write the
 * volume. A patch of the spec adds runAsUser for images that can do without.
 */
export const podSecurity = { seccompProfile: { type: 'RuntimeDefault' } };
export const containerSecurity = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** Same for every container: the last lines of a crashed one stand in its status, where a wait can read them. */
export const logAsTerminationMessage = { terminationMessagePolicy: 'FallbackToLogsOnError' };

/** `imagePullSecrets`, only when there is one. */
export const pullSecrets = (name: string | undefined): Record<string, unknown> =>
  name === undefined ? {} : { imagePullSecrets: [{ name }] };

/** A probe that a TCP connection passes: a token has no place in a probe, and anonymous access may be off. */
export const tcpProbe = (
  port: number | string,
  times: { periodSeconds: number; failureThreshold: number },
): object => ({
  tcpSocket: { port },
  ...times,
});
