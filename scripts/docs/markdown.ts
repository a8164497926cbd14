/** Text for a cell of a table. */
export const cell = (text: string): string =>
  text.replace(/[|*]/g, '\\$&').replaceAll('<', '&lt;').replaceAll('\n', '<br>');

/** Code for a cell of a table; nothing for no text. */
export const code = (text: string): string => (text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``);

/** A table; cells are given as Markdown. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Says in the file itself where it comes from. */
export const generated = (sources: string): string =>
  `<!-- Generated from ${sources} by npm run docs. Do not edit. -->`;

/** A page of parts with empty lines between them. */
export const page = (...parts: readonly (string | readonly string[])[]): string => `${parts.flat().join('\n\n')}\n`;
