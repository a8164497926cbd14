import { errorCodes, isErrorCode, pageOf, type ErrorCodeName } from '../../errors/codes.ts';
import { downSteps } from '../../catalogue/down-steps.ts';
import type { StepTable } from '../../distributions/distribution.ts';
import { distributionOf } from '../../distributions/table.ts';
import { beforeDownSteps, turnUpSteps } from '../../distributions/steps.ts';
import { wrap } from '../io/format.ts';

/** The step by which a run begins: it makes all others out of the spec and the catalogue. */
const planStep = {
  plan: {
    phase: 'preflight',
    title: 'Plan the steps',
    done: 'Steps planned',
    why: 'Spec and catalogue become plain data in the workflow history, so that no upgrade breaks an open run.',
    activity: 'planSteps',
    timing: 'read',
    needs: [],
    reads: [],
  },
} as const satisfies StepTable;

/** A step that a run makes out of what it finds. */
const debtStep = {
  'clusters/{cluster}/debt': {
    phase: 'clusters',
    title: 'Record the debt of the member',
    done: 'Debt recorded',
    why: 'A member that cannot be reached is cleaned up later, by a workflow of its own; the run does not wait for it.',
    activity: 'openDebt',
    timing: { wait: 'reach' },
    needs: ['clusters/{cluster}/reach'],
    reads: [],
  },
} as const satisfies StepTable;

/** Every step that a run can show, by its id. */
export const allDefinitions: StepTable = {
  ...turnUpSteps(),
  ...planStep,
  ...beforeDownSteps(),
  ...downSteps,
  ...debtStep,
};

/** Where a code is described: this machine's fedctl says it, and the page has the whole table. Undefined: not ours. */
export function docsOf(code: string): string | undefined {
  const page = pageOf(code);
  return page && `fedctl explain ${code} (${page})`;
}

/** The code of the errors' table that a word means, in any case. */
export function codeOf(word: string): ErrorCodeName | undefined {
  const code = word.toUpperCase();
  return isErrorCode(code) ? code : undefined;
}

const treated: Readonly<Record<string, string>> = {
  never: 'the step is blocked at once: waiting will not fix it',
  soon: 'retried with back-off; blocked when the time of the step is used up',
  later: 'retried when the server says (Retry-After); blocked when the time of the step is used up',
  waiting: 'not an error, only not ready yet: checked again until the time of the step is used up',
  bug: 'a bug in fedctl: the run keeps its place until the worker is upgraded',
};

/** What the table says of a code: what is wrong in general, what fedctl does, and how to fix it. */
export function codeDocument(code: ErrorCodeName): { code: string; title: string; treated: string; fix: string[] } {
  const { title, retry, fix } = errorCodes[code];
  return { code, title, treated: treated[retry] ?? '', fix: fix(distributionOf({}).words.objects) };
}

/** The same for people. */
export function codeLines(code: ErrorCodeName, columns: number): string[] {
  const { title, treated: what, fix } = codeDocument(code);
  const ways = fix.flatMap((way, at) =>
    wrap(way, columns - 6).map((part, line) => `${line > 0 ? '      ' : at === 0 ? 'fix:  ' : '  or  '}${part}`),
  );
  return [...wrap(`${code}: ${title}`, columns), ...wrap(what, columns), '', ...ways];
}
