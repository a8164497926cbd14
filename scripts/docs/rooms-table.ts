import { rooms } from '../../rooms.js';
import { cell, code, table } from './markdown.ts';

const marks = ['<!-- rooms.js, by npm run docs -->', '<!-- end of rooms.js -->'] as const;

/** CONTRIBUTING.md with its table of rooms as rooms.js has it. Throws an Error when the marks of the table are gone. */
export function withRoomsTable(page: string): string {
  const [start, end] = marks.map((mark) => page.indexOf(mark)) as [number, number];
  if (start < 0 || end < start) throw new Error(`CONTRIBUTING.md lacks ${marks.join(' ... ')}`);
  const name = (of: string): string => (of.includes('/') ? code(of) : of);
  const rows = rooms.map(({ layer, room, holds, touches, imports, types, tests }) => [
    layer,
    code(room),
    cell(holds),
    cell(touches),
    [...imports.map(name), ...types.map((of) => `types of ${name(of)}`)].join(', '),
    code(tests),
  ]);
  const text = table(['layer', 'room', 'what lives there', 'touches', 'imports', 'tests'], rows);
  return `${page.slice(0, start + marks[0].length)}\n\n${text}\n\n${page.slice(end)}`;
}
