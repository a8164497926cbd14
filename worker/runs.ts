import { Client, type ConnectionLike, WorkflowNotFoundError } from '@temporalio/client';
import type { RunDirectory } from '../activities/core/deps.ts';

/** What Temporal knows of runs, for the owner's Lease: may it be taken over? */
export function runDirectory(connection: ConnectionLike, namespace: string): RunDirectory {
  const client = new Client({ connection, namespace });
  let uuid: Promise<string> | undefined;
  const ask = async (): Promise<string> => {
    const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
    return namespaceInfo?.id ?? '';
  };
  return {
    namespaceUuid: () => {
      uuid ??= ask().catch((error: unknown) => {
        uuid = undefined; // asked again next time
        throw error;
      });
      return uuid;
    },
    isOpen: async (workflowId, firstRunId) => {
      try {
        const description = await client.workflow.getHandle(workflowId).describe();
        const first = description.raw.workflowExecutionInfo?.firstRunId;
        return description.status.name === 'RUNNING' && (first === firstRunId || description.runId === firstRunId);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
  };
}
