import { type Document, isMap, isScalar, parseDocument, stringify } from 'yaml';
import { parseReference } from './reference.ts';

/** Keys of the guide's chart that say where the images are; with `images.build` they are outputs. */
export interface ImageValues {
  apiserverRegistry: string;
  apiserverVersion: string;
  controllerManagerRegistry: string;
  controllerManagerVersion: string;
}

/**
 * The four values from the references of the record. The charts put `<registry>/<name>:<version>` together themselves,
 * so the registry is all before the last part of the path. Returns undefined when one of them is missing or has no tag.
 */
export function imageValues(images: Readonly<Record<string, string>>): ImageValues | undefined {
  const [apiserver, controllerManager] = [images['apiserver'], images['controllerManager']].map(partsOf);
  if (!apiserver || !controllerManager) return undefined;
  return {
    apiserverRegistry: apiserver.registry,
    apiserverVersion: apiserver.version,
    controllerManagerRegistry: controllerManager.registry,
    controllerManagerVersion: controllerManager.version,
  };
}

function partsOf(text: string | undefined): { registry: string; version: string } | undefined {
  const reference = text ? parseReference(text) : undefined;
  if (!reference?.tag) return undefined;
  const path = `${reference.registry}/${reference.repository}`;
  return { registry: path.slice(0, path.lastIndexOf('/')), version: reference.tag };
}

/**
 * The text of a values.yaml with the four values in it; everything else, comments and order too, stays as it is.
 * Returns '' when they stand there already. Throws an Error when the text is not valid YAML mapping.
 */
export function setImageValues(text: string, values: ImageValues): string {
  const document = parseDocument(text);
  const found = document.toJS() as unknown;
  if (document.errors[0])
    throw new Error(`values.yaml is not valid YAML: ${document.errors[0].message.split('\n')[0]}`);
  if (found !== null && (typeof found !== 'object' || Array.isArray(found)))
    throw new Error('values.yaml is not a mapping of keys to values');
  const before = (found ?? {}) as Record<string, unknown>;
  const changed = Object.entries(values).filter(([key, value]) => before[key] !== value);
  if (changed.length === 0) return '';
  const spliced = splice(text, document, changed);
  if (isSet(spliced, changed)) return spliced;
  // A form that cannot be written into as text, such as a mapping in braces: the library writes the whole anew.
  for (const [key, value] of changed) document.set(key, value);
  return document.toString({ lineWidth: 0 });
}

/** Writes values in place of the old ones, and new keys at the end; spaces and line breaks stay as they are. */
function splice(text: string, document: Document, changed: readonly [key: string, value: string][]): string {
  const places = changed.map(([key, value]) => ({ key, value, range: rangeOf(document, key) }));
  const inPlace = places
    .flatMap(({ value, range }) => (range ? [{ value, range }] : []))
    .sort((a, b) => b.range[0] - a.range[0]) // from the end, so that earlier places stay right
    .reduce((all, { value, range }) => all.slice(0, range[0]) + scalar(value) + all.slice(range[1]), text);
  const added = places.flatMap(({ key, value, range }) => (range ? [] : [`${key}: ${scalar(value)}\n`]));
  return `${inPlace}${inPlace === '' || inPlace.endsWith('\n') || added.length === 0 ? '' : '\n'}${added.join('')}`;
}

/** Where the value of a key stands in the text. */
function rangeOf(document: Document, key: string): [start: number, end: number] | undefined {
  const node: unknown = isMap(document.contents) ? document.get(key, true) : undefined;
  return isScalar(node) && node.range ? [node.range[0], node.range[1]] : undefined;
}

const scalar = (value: string): string => stringify(value, { lineWidth: 0 }).trimEnd();

function isSet(text: string, changed: readonly [key: string, value: string][]): boolean {
  const document = parseDocument(text);
  if (document.errors.length > 0) return false;
  const found = (document.toJS() ?? {}) as Record<string, unknown>;
  return changed.every(([key, value]) => found[key] === value);
}
