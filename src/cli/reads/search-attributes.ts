import { searchAttributes } from '../../run/search-attributes.ts';
import type { Temporal } from '../../temporal/client.ts';

/** An unknown search attribute blocks a workflow for ever, so they are used only when the server has them all. */
export async function searchAttributesRegistered(temporal: Temporal): Promise<boolean> {
  try {
    const { customAttributes } = await temporal.connection.operatorService.listSearchAttributes({
      namespace: temporal.namespace,
    });
    return Object.values(searchAttributes).every((key) => key.name in (customAttributes ?? {}));
  } catch {
    return false;
  }
}
