import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { refusal, usageError } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import { planDigest, type PlanDocument } from '../views/plan-model.ts';

/** Longest plan that is read, bytes: thousands of objects. */
const maxPlanBytes = 16 * 1_048_576;

const again = 'make one: fedctl plan -f FILE -o json > plan.json';

/**
 * Reads a plan that `fedctl plan -o json` wrote. Throws CliError: exit 64 for what is no plan or was edited, exit 7 for
 * one with steps in its way, of which nobody could tell what they would write.
 */
export async function readPlanFile(io: Io, file: string): Promise<PlanDocument> {
  const plan = parsePlan(file, await readText(io, file));
  if (planDigest(plan) !== plan.digest)
    throw usageError(`${file}: its digest is not that of its content: it was edited, or cut off`, [again]);
  if (plan.obstacles.length > 0) {
    const steps = plan.obstacles.map(({ step, message }) => `  ${step}: ${message}`);
    throw refusal(
      [`${file} is not a whole plan: when it was made, a turn-up would have blocked`, ...steps].join('\n'),
      ['correct what is named above, and plan again', 'or turn up without a plan: fedctl up -f FILE'],
    );
  }
  return plan;
}

async function readText(io: Io, file: string): Promise<string> {
  const bytes = await readFile(resolve(io.cwd, file)).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`${file} cannot be read: ${error.code ?? error.message}`, [again]);
  });
  if (bytes.length > maxPlanBytes) throw usageError(`${file} is larger than 16 MiB, which no plan is`, [again]);
  return bytes.toString('utf8');
}

function parsePlan(file: string, text: string): PlanDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usageError(`${file} is not JSON: ${(error as Error).message}`, [again]);
  }
  const plan = (typeof value === 'object' && value !== null ? value : {}) as Partial<PlanDocument>;
  if (plan.kind !== 'Plan' || plan.apiVersion !== 'fedctl/v1alpha1')
    throw usageError(
      `${file} is not a plan of this fedctl: apiVersion ${JSON.stringify(plan.apiVersion)}, kind ${JSON.stringify(plan.kind)}`,
      [again],
    );
  const parts = [plan.spec, plan.host, plan.flags, plan.objects, plan.obstacles, plan.digest, plan.federation];
  if (parts.some((part) => part === undefined)) throw usageError(`${file} is a plan with parts missing`, [again]);
  return plan as PlanDocument;
}
