import type { Component, Distribution } from '../../src/distributions/distribution.ts';

/** A program of the control plane, as its workload and pods are found in the host namespace. */
export interface Workload extends Pick<Component, 'name' | 'kind'> {
  /** Label selector of its pods. */
  pods: string;
}

const workload = ({ names }: Distribution, { name, kind }: Component): Workload => ({
  name,
  kind,
  pods: `app=${names.app},module=${name}`,
});

/** All of them, in the order in which people see them. */
export const workloadsOf = (of: Distribution): Workload[] => of.components.map((component) => workload(of, component));

/** The one of this name. Throws an Error for a name that the distribution does not know. */
export function workloadNamed(of: Distribution, name: string): Workload {
  const component = of.components.find((one) => one.name === name);
  if (!component) throw new Error(`${of.id} has no component ${name}`);
  return workload(of, component);
}

/** The one whose API everybody reaches; undefined: none is named so. */
export function apiWorkload(of: Distribution): Workload | undefined {
  const component = of.components.find(({ address }) => address);
  return component && workload(of, component);
}

/** The one that reaches the members: its log explains what becomes of them. */
export function proberWorkload(of: Distribution): Workload | undefined {
  const component = of.components.find(({ explains }) => explains.includes('clusters/'));
  return component && workload(of, component);
}
