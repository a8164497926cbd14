import { readYaml } from '../../src/spec/sources/yaml-text.ts';
import type { Path } from '../../src/spec/problem.ts';
import { cell, code, generated, page, table } from './markdown.ts';
import type { JsonSchema } from './spec-schema.ts';

interface Field {
  path: string;
  schema: JsonSchema;
  required: boolean;
  /** Where the example shows it. */
  at: Path;
}

/** docs/spec.md: every field with type, default and allowed values; what it is for, by the comments of full.yaml. */
export function specPage(schema: JsonSchema, example: string): string {
  const comments = commentsOf(example);
  const sections = schema.properties?.['spec']?.properties ?? {};
  const needed = schema.properties?.['spec']?.required ?? [];
  const top = fieldsOf(schema, '', []).filter(({ at }) => at[0] !== 'spec');
  const scalar = Object.entries(sections).filter(([, section]) => !isMapping(section));
  const first = scalar.map(([key, section]) => field(`spec.${key}`, section, needed.includes(key), ['spec', key]));
  return page(
    generated('src/spec/schema.ts and examples/full.yaml'),
    '# The spec file',
    'Every field there is. `examples/minimal.yaml` is the least, `examples/full.yaml` shows them all, and ' +
      '`docs/spec.schema.json` tells editors. Gaps are filled from `$FEDERATION_OUTPUT_ROOT/values.yaml` ' +
      '(docs/chart-keys.md), then from the environment, then by the defaults here. Unknown keys are refused.',
    fieldTable([...top, ...first], comments),
    ...Object.entries(sections)
      .filter(([, section]) => isMapping(section))
      .flatMap(([key, section]) => {
        const start = section.items ? [fieldOf(key, section)] : [];
        const path = `spec.${key}${section.items ? '[]' : ''}`;
        const at = ['spec', key, ...(section.items ? [0] : [])];
        return [`## spec.${key}`, fieldTable([...start, ...fieldsOf(section.items ?? section, path, at)], comments)];
      }),
  );
}

const field = (path: string, schema: JsonSchema, required: boolean, at: Path): Field => ({
  path,
  schema,
  required,
  at,
});
const fieldOf = (key: string, section: JsonSchema): Field => field(`spec.${key}`, section, false, ['spec', key]);
const isMapping = (schema: JsonSchema): boolean =>
  schema.properties !== undefined || schema.items?.properties !== undefined;

function fieldsOf(schema: JsonSchema, parent: string, above: Path): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const path = parent === '' ? key : `${parent}.${key}`;
    const at = [...above, key];
    const own = field(path, inner, (schema.required ?? []).includes(key), at);
    if (inner.items?.properties) return [own, ...fieldsOf(inner.items, `${path}[]`, [...at, 0])];
    return inner.properties ? fieldsOf(inner, path, at) : [own];
  });
}

const fieldTable = (fields: readonly Field[], comments: (at: Path) => string): string =>
  table(
    ['field', 'type', 'default', 'allowed', 'what it is for'],
    fields.map(({ path, schema, required, at }) => [
      code(path),
      typeOf(schema),
      required ? 'required' : code(schema.default === undefined ? '' : JSON.stringify(schema.default)),
      allowed(schema),
      cell(comments(at)),
    ]),
  );

function typeOf(schema: JsonSchema): string {
  if (schema.items) return `list of ${schema.items.properties ? 'mappings' : `${typeOf(schema.items)}s`}`;
  if (schema.enum ?? schema.const) return 'word';
  const value = schema.additionalProperties;
  if (schema.type === 'object' && typeof value === 'object') return `mapping to ${typeOf(value)}`;
  if (/ms\|s\|m/.test(schema.pattern ?? '')) return 'duration';
  if (schema.format === 'uri') return 'URL';
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  return schema.type ?? 'anything';
}

function allowed(schema: JsonSchema): string {
  if (schema.enum ?? schema.const) return (schema.enum ?? [schema.const]).map((one) => code(String(one))).join(', ');
  const { minimum, maximum, pattern } = schema;
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${minimum} or more`;
  if (/ms\|s\|m/.test(pattern ?? '')) return 'like `90s`, `10m`, `1h30m`, `7d`';
  return code(pattern ?? '');
}

/** The comment that the example has beside a key, without the default that the table shows anyway. */
function commentsOf(example: string): (at: Path) => string {
  const read = readYaml('examples/full.yaml', example);
  if (!read.ok) throw new Error('examples/full.yaml is not valid YAML');
  const { yaml } = read;
  const lines = example.split('\n');
  return (at) => {
    const line = lines[yaml.placeOfKey(at).line - 1] ?? '';
    if (!line.includes(`${String(at.at(-1))}:`)) return '';
    const [, comment = ''] = /\s# (.*)$/.exec(line) ?? [];
    return comment.replace(/^default(: \w+)?(; |$)/, '');
  };
}
