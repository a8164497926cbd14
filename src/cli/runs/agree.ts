import { CliError, exit } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import { makePlan, type PlanFlags } from '../reads/make-plan.ts';
import { type PlanDocument, planLines } from '../views/plan-model.ts';
import type { SpecFile } from '../files/spec-file.ts';

/**
 * Shows what a turn-up would do and asks. Returns the plan that the run is to keep to; undefined where there is none to
 * keep to: nothing would change, steps are in its way, or this machine cannot look. Throws CliError (exit 5) at a no.
 */
export async function agree(io: Io, file: SpecFile, flags: PlanFlags): Promise<PlanDocument | undefined> {
  let plan: PlanDocument | undefined;
  try {
    plan = await makePlan(io, file, flags);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    io.note(`cannot show a plan from this machine: ${error.message}`);
  }
  if (plan) for (const line of planLines(plan, io.size().columns, { paint: io.paint })) io.note(line);
  if (plan && !plan.changes) return undefined;
  const answer = (await io.ask(`Turn ${file.federation} up? [y/N] `)).trim().toLowerCase();
  if (answer !== 'y' && answer !== 'yes')
    throw new CliError(exit.declined, 'declined; nothing was touched', ['to go on without being asked: --yes']);
  return plan && plan.obstacles.length === 0 ? plan : undefined;
}
