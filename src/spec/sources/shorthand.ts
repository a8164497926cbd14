/**
 * A file's data with short forms written out: `secretRef: name` of a cluster means `secretRef: {name: name}`. Whatever
 * has another shape is left for the schema to refuse.
 */
export function writtenOut(data: Record<string, unknown>): Record<string, unknown> {
  const { spec } = data as { spec?: { clusters?: unknown } };
  if (!spec || typeof spec !== 'object' || !Array.isArray(spec.clusters)) return data;
  return { ...data, spec: { ...spec, clusters: spec.clusters.map(clusterWrittenOut) } };
}

function clusterWrittenOut(cluster: unknown): unknown {
  const { secretRef } = (cluster ?? {}) as { secretRef?: unknown };
  return typeof secretRef === 'string' ? { ...(cluster as object), secretRef: { name: secretRef } } : cluster;
}
