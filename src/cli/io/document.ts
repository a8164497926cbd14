import type { Output } from './command.ts';
import type { Io } from './io.ts';

/** Prints a result as one document: JSON or YAML. For `table` use the lines made by `asTable`. */
export async function printDocument(
  io: Io,
  output: Output,
  document: unknown,
  asTable: () => readonly string[],
): Promise<void> {
  if (output === 'json' || output === 'jsonl') {
    io.result(JSON.stringify(document, null, output === 'json' ? 2 : 0));
  } else if (output === 'yaml') {
    const { stringify } = await import('yaml');
    io.result(stringify(document).trimEnd());
  } else {
    for (const line of asTable()) io.result(line);
  }
}
