/** Keys and indices from the top of a file down to one value. */
export type Path = readonly (string | number)[];

/** Where in a text something stands; both from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** One thing that is wrong with a spec file, for a person: where, what, and how to fix it. */
export interface Problem extends Place {
  /** Dotted, as people write it: `spec.clusters[1].name`; empty for the file as a whole. */
  path: string;
  /** Lowercase, without a period, holds the wrong value. */
  message: string;
  /** What to do about it. */
  hint?: string;
  /** Word of src/errors/codes.ts; absent: SPEC_INVALID. */
  code?: 'NOT_BUILT_YET';
}

/** What a rule finds: the place is looked up by whoever knows the text. */
export interface Finding {
  path: Path;
  /** Point at the key and not at the value. */
  at?: 'key';
  message: string;
  hint?: string;
  code?: 'NOT_BUILT_YET';
}

const plainKey = /^[A-Za-z_][\w-]*$/;

/** `spec.clusters[1].labels["a.b/c"]` of `['spec', 'clusters', 1, 'labels', 'a.b/c']`. */
export function dotted(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!plainKey.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** `federation.yaml:3:5: spec.host.context: message`, as editors and terminals find places. */
export function formatProblem(problem: Problem): string {
  const at = `${problem.file}:${problem.line}:${problem.column}`;
  return [at, ...(problem.path === '' ? [] : [problem.path]), problem.message].join(': ');
}

/** Reading order, and no line twice. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  return [...unique.values()].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
