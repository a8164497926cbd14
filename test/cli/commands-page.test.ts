import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { commandsPage } from '../../scripts/docs/commands-page.ts';
import { wholeProgram } from '../../src/cli/program.ts';
import { verbs } from '../../src/cli/verbs.ts';
import { fakeIo } from '../helpers/terminal/fake-io.ts';

let program: Command;
let page: string;
beforeAll(async () => {
  [program, page] = await Promise.all([wholeProgram(fakeIo()), commandsPage()]);
});

/** Every line of the page that calls fedctl, without variables before it and comments after it. */
const examples = (): string[] =>
  page
    .split('\n')
    .filter((line) => /^(?:[A-Z_]+=\S+ )*fedctl [a-z]/.test(line) && !/\[|\.\.\.|FILE|NAME/.test(line))
    .map((line) => line.replace(/^.*?fedctl /, '').replace(/\s+[#|<>].*$/, ''));

describe('the page of commands', () => {
  it('has every command, also those inside others, and the README leads to it', () => {
    for (const verb of Object.keys(verbs)) expect(page).toContain(`\n## fedctl ${verb}\n`);
    for (const sub of ['images list', 'sandbox member']) expect(page).toContain(`\n### fedctl ${sub}\n`);
    expect(readFileSync('README.md', 'utf8')).toContain('docs/commands.md');
  });

  it('has examples of flags that there are', () => {
    const lines = examples();
    expect(lines.length).toBeGreaterThan(40);
    const wrong = lines.flatMap((line) => {
      const words = line.split(/\s+/);
      const verb = program.commands.find((command) => command.name() === words[0]);
      const inside = verb?.commands.find((command) => command.name() === words[1]);
      const command = inside ?? verb;
      const flags = words.filter((word) => /^--?[a-z]/.test(word));
      const known = command?.options.flatMap(({ short, long }) => [short, long]) ?? [];
      return flags.filter((flag) => !known.includes(flag.replace(/=.*/, ''))).map((flag) => `${line}: ${flag}`);
    });
    expect(wrong).toEqual([]);
  });
});
