import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../io/command.ts';
import { changes, eventLines, heartbeatLine, type ProgressEvent } from './events.ts';
import type { Io } from '../io/io.ts';
import { render } from './progress.ts';
import type { StatusModel } from './status-model.ts';

/** Shows a run while it is followed. */
export interface Display {
  update(model: StatusModel): void;
  /** A sentence beside the run, above the tree. */
  note(text: string): void;
  /** Leaves the last picture standing. */
  end(): void;
}

/** A log without a sign of life for this long gets one, ms. */
const heartbeatMs = 30_000;

/** The display that fits: a live tree, dated lines, JSON events, or nothing but the final document. */
export function chooseDisplay(io: Io, output: Output, clock: () => number = Date.now): Display {
  if (output === 'jsonl') return eventDisplay(io, clock);
  if (output !== 'table') return { update: () => undefined, note: (text) => io.note(text), end: () => undefined };
  return io.live ? liveDisplay(io, clock) : lineDisplay(io, clock);
}

/** A block that is drawn again in place; one write a picture, so that it does not flicker. */
export function liveDisplay(io: Io, clock: () => number): Display {
  let drawn: string[] = [];
  let model: StatusModel | undefined;
  const erase = (): string => {
    if (drawn.length === 0) return '';
    // A narrower terminal has broken the old lines: count the rows they take now.
    const { columns } = io.size();
    const widths = drawn.map((line) => [...stripVTControlCharacters(line)].length);
    const rows = widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return `\u001b[${Math.min(rows, io.size().rows)}A\u001b[0J`;
  };
  const draw = (before: string, rows: number | undefined): void => {
    const size = io.size();
    const undo = erase();
    drawn = model
      ? render(model, { columns: size.columns, now: clock(), paint: io.paint, ...(rows ? { rows } : {}) })
      : [];
    io.write(`${undo}${before}${drawn.map((text) => `${text}\n`).join('')}`);
  };
  return {
    update: (next) => {
      model = next;
      draw('', io.size().rows - 1);
    },
    note: (text) => draw(`${text}\n`, io.size().rows - 1),
    end: () => {
      if (model) draw('', io.size().rows - 1);
      drawn = [];
    },
  };
}

/** One dated line a change, for logs. */
export function lineDisplay(io: Io, clock: () => number): Display {
  let before: StatusModel | undefined;
  let spoke = clock();
  // Between two attempts a reason is out of sight: it is said again only when it is another one.
  const reasons = new Map<string, string>();
  const isNews = (event: ProgressEvent): boolean => {
    if (event.type !== 'waiting') return true;
    const known = reasons.get(event.step) === event.message;
    reasons.set(event.step, event.message);
    return !known;
  };
  return {
    update: (model) => {
      const now = clock();
      const lines = changes(before, model, new Date(now).toISOString()).filter(isNews).flatMap(eventLines);
      before = model;
      if (lines.length === 0 && now - spoke >= heartbeatMs)
        lines.push(heartbeatLine(model, new Date(now).toISOString()));
      if (lines.length > 0) spoke = now;
      for (const text of lines) io.note(text);
    },
    note: (text) => io.note(text),
    end: () => undefined,
  };
}

/** One JSON object a change, on stdout. */
function eventDisplay(io: Io, clock: () => number): Display {
  let before: StatusModel | undefined;
  return {
    update: (model) => {
      for (const event of changes(before, model, new Date(clock()).toISOString())) io.result(JSON.stringify(event));
      before = model;
    },
    note: (text) => io.note(text),
    end: () => undefined,
  };
}
