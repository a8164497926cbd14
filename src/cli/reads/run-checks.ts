import { ApplicationFailure } from '@temporalio/common';
import { stepErrorOf } from '../../errors/step-error.ts';
import type { Local } from '../../../worker/local.ts';
import { fixOfError } from '../../distributions/fix.ts';
import type { Facts, RunContext } from '../../catalogue/call.ts';
import type { FrozenStep } from '../../graph/frozen.ts';
import { freezeUp } from '../../graph/freeze.ts';
import { fillInput } from '../../graph/refs.ts';
import { categoryOf, failedCheck, type Check } from '../views/check-model.ts';
import type { SpecFile } from '../files/spec-file.ts';

/**
 * Runs phase `preflight` of the frozen graph, read-only, in this process: the same activities that a turn-up begins
 * with. A check whose needs failed is not tried. `told` hears of each as it ends.
 */
export async function runChecks(
  local: Pick<Local, 'read'>,
  file: SpecFile,
  told: (check: Check) => void,
): Promise<Check[]> {
  const steps = freezeUp(file.spec).steps.filter((step) => step.phase === 'preflight');
  const facts: Record<string, Facts> = {};
  const run = contextOf(file);
  const results = new Map<string, Promise<Check>>();
  const runStep = (step: FrozenStep): Promise<Check> => {
    const known = results.get(step.id);
    if (known) return known;
    const result = (async () => {
      const needs = await Promise.all(steps.filter((other) => step.needs.includes(other.id)).map(runStep));
      const check = needs.every(passes) ? await tryStep(local, step, run, facts) : notTried(step, needs);
      told(check);
      return check;
    })();
    results.set(step.id, result);
    return result;
  };
  return Promise.all(steps.map(runStep));
}

/** A warning does not keep what needs it from being tried. */
const passes = ({ result }: Check): boolean => result === 'ok' || result === 'warning';

const about = (step: FrozenStep): Pick<Check, 'id' | 'category' | 'title'> => ({
  id: step.id,
  category: categoryOf(step.id),
  title: step.title,
});

async function tryStep(
  local: Pick<Local, 'read'>,
  step: FrozenStep,
  run: RunContext,
  facts: Record<string, Facts>,
): Promise<Check> {
  try {
    const call = { step: step.id, run, parked: false, waitMs: 0, input: fillInput(step, facts) };
    const result = await local.read(step, call);
    facts[step.id] = result.facts;
    const { warnings = [], note = null } = result;
    const done = { ...about(step), title: step.done };
    return warnings.length === 0
      ? { ...done, result: 'ok', message: note, fix: [] }
      : { ...done, result: 'warning', message: warnings.join('; '), fix: [] };
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    return failedCheck(about(step), errorOf(error));
  }
}

/** Asks from a pod in the host cluster, where the control plane stands; a check a target. */
export async function checksInCluster(local: Pick<Local, 'inCluster'>, file: SpecFile): Promise<Check[]> {
  const category = categoryOf('in-cluster/');
  try {
    const answers = await local.inCluster(file);
    return answers.map(({ id, title, ok, message }) => ({
      ...{ id, category, title },
      result: ok ? 'ok' : 'error',
      message: message || null,
      fix: ok ? [] : ['a firewall, a route or a name between the pods of the host cluster and that address'],
    }));
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    return [failedCheck({ id: 'in-cluster', category, title: 'Ask from a pod in the host cluster' }, errorOf(error))];
  }
}

function errorOf(error: ApplicationFailure): { code: string; message: string; fix: string[] } {
  const { code, message, data } = stepErrorOf(error);
  return { code, message, fix: fixOfError({ code, data }) };
}

const notTried = (step: FrozenStep, needs: readonly Check[]): Check => ({
  ...about(step),
  result: 'skipped',
  message: `needs ${needs
    .filter((need) => !passes(need))
    .map((need) => need.id)
    .join(', ')}`,
  fix: [],
});

/** A run that nobody started: read-only steps need to know where, not who. */
export const contextOf = ({ federation, host, digest }: SpecFile): RunContext => ({
  federation,
  uuid: '',
  workflowId: 'check',
  firstRunId: 'check',
  startedBy: 'check',
  host,
  digest,
});
