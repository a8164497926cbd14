import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
} from 'yaml';
import { maxFileBytes } from './limits.ts';
import { dotted, type Path, type Place, type Problem } from '../problem.ts';

/** Anchors are for a shared block or two, not for making gigabytes of a page. */
const maxAliases = 100;

/** A text that is one YAML mapping, and where its values stand. */
export interface YamlText {
  /** The mapping as plain data; keys without a value are left out, outside `spec.patches` (where null deletes). */
  data: Record<string, unknown>;
  /** Where a value stands; of one that is not there, the nearest mapping around it. */
  placeOf(path: Path): Place;
  /** Where a key stands: for keys that should not be there. */
  placeOfKey(path: Path): Place;
  /** A scalar as the file has it (`1.10`, where the value is the number 1.1); undefined for anything else. */
  sourceOf(path: Path): string | undefined;
  /** Problems that leave the rest readable, such as a key that stands twice. */
  problems: Problem[];
}

export type YamlResult = { ok: true; yaml: YamlText } | { ok: false; problems: Problem[] };

/** Reads one YAML mapping. Never throws: everything that can be wrong with the text is a problem. */
export function readYaml(file: string, text: string): YamlResult {
  const whole = (message: string, hint?: string): YamlResult => ({
    ok: false,
    problems: [{ file, line: 1, column: 1, path: '', message, ...(hint ? { hint } : {}) }],
  });
  if (text.length > maxFileBytes) return whole('is larger than 1 MiB, which no spec is');
  if (/[\0\uFFFD]/.test(text)) return whole('is not UTF-8 text');
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const [document, second] = 'empty' in documents ? [] : documents.filter(({ contents }) => !isNothing(contents));
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = Array.isArray(documents) ? documents.flatMap((one) => syntaxProblems(one, at)) : [];
  if (problems.some(({ path }) => path === '')) return { ok: false, problems };
  if (!document) return whole('is empty');
  if (second) {
    const place = at(second.contents?.range?.[0] ?? 0);
    const hint = 'one federation per file: remove the second one';
    return { ok: false, problems: [{ ...place, path: '', message: 'holds more than one YAML document', hint }] };
  }
  if (!isMap(document.contents)) return whole(`is ${kindOf(document.contents)}, not a mapping of keys to values`);
  return withData(document, at, problems);
}

const isNothing = (node: unknown): boolean => node === null || (isScalar(node) && node.value === null);
const kindOf = (node: unknown): string => (isSeq(node) ? 'a list' : 'a single value');

function withData(document: Document, at: (offset: number) => Place, problems: Problem[]): YamlResult {
  const place = placesOf(document, at);
  const wrong = (path: Path, message: string): YamlResult => ({
    ok: false,
    problems: [...problems, { ...place.placeOf(path), path: dotted(path), message }],
  });
  try {
    const data: unknown = document.toJS({ maxAliasCount: maxAliases });
    const odd = findOdd(data, [], []);
    if (odd) return wrong(odd, 'refers to itself, or has a YAML tag that a spec has no use for');
    return { ok: true, yaml: { ...place, data: withoutNulls(data, []) as Record<string, unknown>, problems } };
  } catch (error) {
    // What the library throws for aliases: one without an anchor, or so many that they would fill the memory.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    const message = error.message.replace(/^./, (first) => first.toLowerCase());
    const loose = looseAlias(document);
    if (!loose) return wrong([], message);
    return { ok: false, problems: [...problems, { ...at(loose.range?.[0] ?? 0), path: '', message }] };
  }
}

/** The first alias of an anchor that is not there. */
function looseAlias(document: Document): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document)) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

const tooDeep = 'RESOURCE_EXHAUSTION';

/** The parser's errors in our words. Those with a path (keys that stand twice) leave the rest readable. */
function syntaxProblems(document: Document.Parsed, at: (offset: number) => Place): Problem[] {
  if (document.errors.some(({ code }) => code === tooDeep))
    return [{ ...at(0), path: '', message: 'is nested too deep to be a spec' }];
  return [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const place = at(pos[0]);
    if (code !== 'DUPLICATE_KEY')
      return { ...place, path: '', message: `is not valid YAML: ${message.replace(/^./, (c) => c.toLowerCase())}` };
    return {
      ...place,
      path: dotted(pathAt(document, pos[0])),
      message: 'appears twice in the same mapping',
      hint: 'keep one of the two',
    };
  });
}

/** Path of the key that starts at an offset. */
function pathAt(document: Document.Parsed, offset: number): Path {
  let found: Path = [];
  visit(document, {
    Pair(_index, pair, above) {
      if (!isScalar(pair.key) || pair.key.range?.[0] !== offset) return undefined;
      const parts = above.map((one, index): Path => {
        if (isSeq(one)) return [one.items.indexOf(above[index + 1])];
        return isPair(one) ? [keyText(one.key)] : [];
      });
      found = [...parts.flat(), keyText(pair.key)];
      return visit.BREAK;
    },
  });
  return found;
}

interface Places {
  placeOf(path: Path): Place;
  placeOfKey(path: Path): Place;
  sourceOf(path: Path): string | undefined;
}

/** Of keys that stand twice the last counts, as it does for the data. */
interface Found {
  /** Key and value as they stand; a value is undefined where the path ends early. */
  key: Node | undefined;
  value: Node | undefined;
  /** The last node on the way that is there. */
  nearest: Node | undefined;
  complete: boolean;
}

function placesOf(document: Document, at: (offset: number) => Place): Places {
  const start = (node: Node | undefined): Place => at(node?.range?.[0] ?? 0);
  return {
    placeOf(path) {
      const { key, value, nearest, complete } = find(document, path);
      // A mapping or list on lines of its own is shown by its key, which is what a person looks for.
      const node = complete && isScalar(value) && value.value !== null ? value : (key ?? nearest);
      return start(complete && isAlias(value) ? value : node);
    },
    placeOfKey(path) {
      const { key, nearest } = find(document, path);
      return start(key ?? nearest);
    },
    sourceOf(path) {
      const { value, complete } = find(document, path);
      return complete && isScalar(value) ? value.source : undefined;
    },
  };
}

function find(document: Document, path: Path): Found {
  let value = (document.contents ?? undefined) as Node | undefined;
  let key: Node | undefined;
  let nearest = value;
  for (const part of path) {
    const node = isAlias(value) ? value.resolve(document) : value;
    const pair = isMap(node)
      ? node.items.findLast((item) => isPair(item) && keyText(item.key) === String(part))
      : undefined;
    if (pair) {
      key = pair.key as Node;
      value = (pair.value ?? undefined) as Node | undefined;
    } else if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
      value = node.items[part] as Node;
      // The item itself is the place: its own first key, not that of the list.
      key = value;
    } else {
      return { key, value, nearest, complete: false };
    }
    nearest = key;
  }
  return { key, value, nearest, complete: true };
}

const keyText = (key: unknown): string => (isScalar(key) ? String(key.value ?? '') : String(key));

/** Path of the first value that is neither plain data nor a tree. */
function findOdd(value: unknown, path: Path, above: readonly unknown[]): Path | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (above.includes(value)) return path;
  if (Array.isArray(value))
    return firstOf(value.entries(), (key, item) => findOdd(item, [...path, key], [...above, value]));
  if (Object.getPrototypeOf(value) !== Object.prototype) return path;
  return firstOf(Object.entries(value), (key, item) => findOdd(item, [...path, key], [...above, value]));
}

function firstOf<K, R>(entries: Iterable<[K, unknown]>, look: (key: K, item: unknown) => R | undefined): R | undefined {
  for (const [key, item] of entries) {
    const found = look(key, item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `key:` with nothing after it means "not set", as in Kubernetes' own files. */
function withoutNulls(value: unknown, path: Path): unknown {
  if (value === null || typeof value !== 'object' || (path[0] === 'spec' && path[1] === 'patches')) return value;
  if (Array.isArray(value)) return value.map((item, index) => withoutNulls(item, [...path, index]));
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item, [...path, key])]));
}
