import type { PlanToFollow } from '../../catalogue/planned.ts';
import type { Temporal } from '../../temporal/client.ts';
import { usageError } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import type { PlanFlags } from '../reads/make-plan.ts';
import type { SpecFile } from '../files/spec-file.ts';

/** What `fedctl up` is given to work from. */
export interface UpSource extends PlanFlags {
  file?: string;
  /** A plan's file. */
  plan?: string;
  output: string;
  yes?: boolean;
}

/** A file, or a plan that was made of one: then with the plan's flags, and no others. */
export interface Asked {
  file: SpecFile;
  flags: PlanFlags;
  follow?: PlanToFollow;
}

const sourceOf = (file = '', plan?: string): string => plan ?? (file === '-' ? 'stdin' : file);

/** Reads what a turn-up is to work from. Throws CliError (exit 64) when it is nothing, or a plan of another file. */
export async function askedFor(io: Io, { file, plan, output, ...flags }: UpSource): Promise<Asked> {
  if (file === undefined && plan === undefined)
    throw usageError('which file? give the federation.yaml with -f, or a plan with --plan');
  if (output === 'table') io.note(`reading ${sourceOf(file, plan)}`);
  const { readSpecFile } = await import('../files/spec-file.ts');
  const spec = file === undefined ? undefined : await readSpecFile(io, file);
  if (plan === undefined) return { file: spec as SpecFile, flags };
  return planned(io, plan, spec && { file: file ?? '', digest: spec.digest });
}

async function planned(io: Io, plan: string, given: { file: string; digest: string } | undefined): Promise<Asked> {
  const [{ readPlanFile }, { toFollow }] = await Promise.all([
    import('../files/plan-file.ts'),
    import('../reads/make-plan.ts'),
  ]);
  const document = await readPlanFile(io, plan);
  const { federation, host, specDigest, spec, flags } = document;
  if (given && given.digest !== specDigest)
    throw usageError(`${plan} was not made for ${given.file} as it is now`, [
      `plan again: fedctl plan -f ${given.file} -o json > ${plan}`,
      `or start what was planned: fedctl up --plan ${plan}`,
    ]);
  return { file: { federation, host, digest: specDigest, spec }, flags, follow: toFollow(document) };
}

/** On a terminal the plan is shown and asked about; who only attaches to an open run is asked nothing. */
export async function agreedPlan(
  io: Io,
  temporal: Temporal,
  spec: SpecFile,
  options: UpSource,
): Promise<PlanToFollow | undefined> {
  if (!io.interactive || options.yes) return undefined;
  const { isOpenWith } = await import('./open-run.ts');
  if (await isOpenWith(temporal, spec)) return undefined;
  const [{ agree }, { toFollow }] = await Promise.all([import('./agree.ts'), import('../reads/make-plan.ts')]);
  const plan = await agree(io, spec, options);
  return plan && toFollow(plan);
}
