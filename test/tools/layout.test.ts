import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { rooms, roomsIn } from '../../rooms.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const built = ['src', 'activities', 'workflows', 'worker'];

const filesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);

const sources = built.flatMap(filesUnder);
const linesOf = (file: string): number => readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length;

/** The ways in: they stand above all rooms. */
const doors = ['src/cli/main.ts', 'src/cli/program.ts', 'src/cli/verbs.ts'];

/** Rooms that may hold more than twenty files, and why. */
const large: Readonly<Record<string, string>> = {
  'src/cli/commands': 'a file for every verb',
};

/** Files that may be longer than 300 lines, and why. */
const long: Readonly<Record<string, string>> = {};

describe('the layout', () => {
  const names = rooms.map(({ room }) => room);

  it('has a room of the table for every file', () => {
    const homeless = sources.filter((file) => !doors.includes(file) && !names.includes(dirname(file)));
    expect(homeless).toEqual([]);
  });

  it('has files in every room of the table, and every row once', () => {
    expect(names.filter((room) => !sources.some((file) => dirname(file) === room))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has at most twenty files in a room, but for a reason', () => {
    const counts = names.map((room) => [room, sources.filter((file) => dirname(file) === room).length] as const);
    expect(counts.filter(([room, files]) => files > 20 && !Object.hasOwn(large, room))).toEqual([]);
  });

  it('has files of at most 300 lines, but for a reason', () => {
    const over = sources.filter((file) => linesOf(file) > 300);
    expect(over.filter((file) => !Object.hasOwn(long, file))).toEqual([]);
    expect(Object.keys(long).filter((file) => !over.includes(file))).toEqual([]);
  });

  it('has tests of a room where its row says', () => {
    const withoutTests = rooms.filter(
      ({ tests }) => !existsSync(join(root, tests)) || !filesUnder(tests).some((file) => file.endsWith('.test.ts')),
    );
    expect(withoutTests.map(({ room, tests }) => [room, tests])).toEqual([]);
  });

  it('imports only rooms of the table', () => {
    const named = rooms.flatMap(({ imports, types }) => roomsIn([...imports, ...types]));
    const known = [...names, 'sandbox', 'sandbox/outside'];
    expect([...new Set(named)].filter((room) => !known.includes(room))).toEqual([]);
  });
});

describe('the way that newcomers are shown', () => {
  /** Paths in code marks that begin with a folder of the repository; a placeholder in one stands for any name. */
  const namedIn = (page: string): string[] =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/`([\w.-]+(?:\/[\w.<>{}*-]+)+\/?)`/g)]
      .map(([, path = '']) => path)
      .filter((path) => existsSync(join(root, path.split('/')[0] ?? '')) && !/[<>{}*]/.test(path));

  it.each(['README.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'docs/glossary.md'])(
    '%s names files that exist',
    (page) => {
      const paths = namedIn(page);
      expect(paths.length).toBeGreaterThan(0);
      expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    },
  );

  const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const [, way = ''] = /## From `fedctl up` to a request\n([\s\S]*?)\n## /.exec(text) ?? [];
  const stops = [...way.matchAll(/^\d+\. `([^`]+)`([\s\S]*?)(?=^\d+\. |$(?![\s\S]))/gm)].map(
    ([, file = '', line = '']) => ({ file, marked: [...line.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word) }),
  );

  it('goes from a command to a request in at most nine files', () => {
    expect(stops.length).toBeGreaterThan(5);
    expect(stops.length).toBeLessThanOrEqual(9);
    expect(stops.at(0)?.file).toBe('src/cli/commands/up.ts');
    expect(stops.at(-1)?.file).toBe('activities/clients/kube/http.ts');
  });

  it.each(stops.slice(0, -1).map((stop, at) => [stop.file, stops[at + 1]!.file, stop.marked] as const))(
    'leads from %s to %s by a name that both have',
    (file, next, marked) => {
      const code = (path: string): string => readFileSync(join(root, path), 'utf8');
      const beside = marked.filter((word) => word.endsWith('.ts'));
      const here = [file, ...beside].map(code).join('\n');
      const names = marked.filter((word) => /^\w+$/.test(word));
      const shared = names.filter((name) => [here, code(next)].every((one) => new RegExp(`\\b${name}\\b`).test(one)));
      expect(shared.length).toBeGreaterThan(0);
    },
  );
});
