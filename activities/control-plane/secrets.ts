import { base64 } from '../kit/secret-text.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { type Ensured, ensureObject, readOurs } from '../core/objects.ts';
import type { StepScope } from '../core/step.ts';

/** Makes a Secret of the control plane; its values are base64 already. */
export type SecretMaker = (name: string, data: Record<string, string>) => KubeObject;

/** A Secret of the host namespace; undefined when it is not there. SECRET. Throws FOREIGN for somebody else's. */
export const readSecret = (scope: StepScope, name: string): Promise<KubeObject | undefined> =>
  readOurs(scope, 'host', { apiVersion: 'v1', kind: 'Secret', name, namespace: scope.run.host.namespace });

/** Values of a Secret as `data` holds them. SECRET. */
export const encoded = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, base64(value)]));

/** Brings a Secret to these values (plain text; SECRET). */
export const ensureSecret = (
  scope: StepScope,
  make: SecretMaker,
  name: string,
  values: Record<string, string>,
): Promise<Ensured> => ensureObject(scope, 'host', make(name, encoded(values)));

/** What tells one content of a Secret from another, without the content. */
export const versionOf = ({ object }: Ensured): string => object.metadata.resourceVersion ?? '';
