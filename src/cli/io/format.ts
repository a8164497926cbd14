/** `0.8s`, `12s`, `3m05s`, `2h10m`, `4d02h`: two units at most. */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1000).toFixed(1)}s`;
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

const dayMs = 86_400_000;

/** Until an ISO time: `364 days left`, or since when it is over. */
export function timeLeft(at: string, now: number): string {
  const left = Date.parse(at) - now;
  if (left <= 0) return `expired ${formatDuration(-left)} ago`;
  const days = Math.floor(left / dayMs);
  return `${days} ${days === 1 ? 'day' : 'days'} left`;
}

/** From one ISO time to another (or now); '' when it never began. */
export function elapsed(from: string | null, to: string | null, now: number): string {
  if (!from) return '';
  return formatDuration((to ? Date.parse(to) : now) - Date.parse(from));
}

const ansi = /\u001b\[[0-9;]*m/g;

/** Columns a text takes on a terminal, escape sequences not counted. */
export const visibleWidth = (text: string): number => [...text.replace(ansi, '')].length;

/** Plain text cut to `width` columns, with `…` where something is missing. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width <= 1 ? '…'.slice(0, Math.max(0, width)) : `${characters.slice(0, width - 1).join('')}…`;
}

/** Plain text in lines of at most `width` columns, broken at spaces where there are some. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return line ? [...lines, line] : lines;
}

/** Rows as aligned columns, two spaces apart; the last column is cut where the line would pass `width`. */
export function table(rows: readonly (readonly string[])[], width = Number.POSITIVE_INFINITY): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => visibleWidth(row[column] ?? ''))),
  );
  return rows.map((row) => {
    const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visibleWidth(cell)));
    const line = cells.join('  ').trimEnd();
    return visibleWidth(line) > width && line === line.replace(ansi, '') ? cut(line, width) : line;
  });
}
