import type { Finding, Path } from '../problem.ts';

/** Words of a command that are empty, which no program wants and a template with a hole leaves. */
export const emptyWords = (path: Path, words: readonly string[]): Finding[] =>
  words.flatMap((word, index): Finding[] =>
    word.trim() === '' ? [{ path: [...path, index], message: 'is an empty argument' }] : [],
  );

/** Keys of `extraArgs` that are no names of flags. */
export const flagNames = (path: Path, extraArgs: Readonly<Record<string, string>>): Finding[] =>
  Object.keys(extraArgs).flatMap((name): Finding[] => {
    const message = `${name} is not a flag name`;
    if (name.startsWith('-'))
      return [{ path: [...path, name], at: 'key', message, hint: `without dashes: ${name.replace(/^-+/, '')}` }];
    if (/^[A-Za-z0-9][\w.-]*$/.test(name)) return [];
    return [{ path: [...path, name], at: 'key', message, hint: 'the name alone, and its value after the colon' }];
  });
