import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** What nobody who knows kubectl, kubeadm or Temporal would look for, and the words to use instead. */
const retired: readonly [phrase: RegExp, instead: string][] = [
  [/\btell(s|ing)? (the|its|their|a) cluster DNS\b|\bcluster DNS (is )?told\b/i, 'configure cluster DNS'],
  [/cluster DNS that can be told/i, 'has no supported cluster DNS'],
  [/\bno successor ready\b/i, 'replacement pods did not become Ready'],
  [/\bstarts and ends again\b/i, 'keeps crashing (CrashLoopBackOff)'],
  [/\blonger patience\b/i, 'allow more time'],
  [/\bpatience\b.{0,40}\bspent\b|\bspen(d|t)s? its patience\b/i, 'its time is used up'],
  [/\bin the eyes of\b|\bin the worker's eyes\b/i, 'as seen by, reported by'],
  [/\bneeds? eyes\b/i, 'needs attention'],
  [/\btakes nothing (at the moment|ever)\b/i, 'is read-only'],
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\btime (is )?over\b/i, 'timed out'],
  [/\bvouch(es)? for\b/i, 'signed by a trusted CA'],
  [/\bto no good end\b/i, 'failed'],
  [/\b(design|reference) §/, 'a page of docs/'],
  [/^\s*(\/\*\*|\*|\/\/) Answers (what|whether|why|a |an |the |undefined|nothing|true|false)/m, 'Returns'],
];

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|md|txt|json|html)$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
}

const files = ['src', 'activities', 'workflows', 'worker', 'docs'].flatMap(filesIn).concat('README.md');

/** `file: phrase -> what to say instead` for every retired phrase in a text. */
const found = (file: string, text: string): string[] =>
  retired.flatMap(([phrase, instead]) => {
    const at = phrase.exec(text);
    return at ? [`${file}: "${at[0].trim()}" -> ${instead}`] : [];
  });

describe('the words of public text', () => {
  it('are those of Kubernetes and Temporal: no retired phrase is in code and docs', () => {
    expect(files.flatMap((file) => found(file, readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('are looked for in all of it', () => {
    expect(files).toEqual(expect.arrayContaining(['README.md', 'docs/glossary.md', 'src/errors/host.ts']));
    expect(found('a', 'how to mend it\nwhen the time is over')).toHaveLength(2);
  });
});

describe('the glossary and the page of the control plane', () => {
  it.each(['docs/glossary.md', 'docs/control-plane.md'])('%s names files that exist', (page) => {
    const named = [
      ...readFileSync(page, 'utf8').matchAll(/`((?:src|activities|workflows|worker|test)\/[\w./-]+\.ts)`/g),
    ];
    expect(named.length).toBeGreaterThan(5);
    for (const [, file = ''] of named) expect([file, readFileSync(file, 'utf8').length > 0]).toEqual([file, true]);
  });
});
