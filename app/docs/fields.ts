// Flattens a schema into a list of its fields, including those of nested objects, each with its full name.
import type { Schema } from './document';

export interface Field {
  name: string;
  schema: Schema;
  isRequired: boolean;
}

const alternativesOf = ({ anyOf, oneOf }: Schema) => anyOf ?? oneOf ?? [];

/** `choices[].message.content` is a field of an object in a list; a named schema has its own list. */
export function fieldsOf(schema: Schema, prefix = ''): Field[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    const field = { name, schema: value, isRequired: schema.required?.includes(key) ?? false };
    return [field, ...fieldsOf(value, name)];
  });
  const items = schema.items ? fieldsOf(schema.items, `${prefix}[]`) : [];
  return [...own, ...items, ...alternativesOf(schema).flatMap((one) => fieldsOf(one, prefix))];
}

/** The type's parts in reading order: words, and names of other schemas. */
export type TypePart = string | { reference: string };

export function typeOf(schema: Schema): TypePart[] {
  if (schema.$ref) return [{ reference: schema.$ref }];
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(' | ')];
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0)
    return alternatives.flatMap((one, index) => (index === 0 ? typeOf(one) : [' | ', ...typeOf(one)]));
  if (schema.type === 'array' && schema.items) {
    const inner = typeOf(schema.items);
    return alternativesOf(schema.items).length > 1 ? ['(', ...inner, ')[]'] : [...inner, '[]'];
  }
  const { additionalProperties: values } = schema;
  if (typeof values === 'object' && !schema.properties) return ['map of ', ...typeOf(values)];
  return [[schema.type ?? 'any'].flat().join(' | ')];
}

/** The bounds that zod writes for every whole number. */
const isSafeBound = (value: number) => Math.abs(value) === Number.MAX_SAFE_INTEGER;

/** The limits in a form that needs no translation: `0 – 2`, `≤ 4096 chars`. */
export function boundsOf(schema: Schema): string[] {
  const range = (least: number | undefined, most: number | undefined, unit: string) => {
    const [low, high] = [least, most].map((value) => (value === undefined || isSafeBound(value) ? null : value));
    if (low == null && high == null) return [];
    if (low == null) return [`≤ ${high}${unit}`];
    return [high == null ? `≥ ${low}${unit}` : `${low} – ${high}${unit}`];
  };
  return [
    ...range(schema.minimum, schema.maximum, ''),
    ...range(schema.minLength, schema.maxLength, ' chars'),
    ...range(schema.minItems, schema.maxItems, ' items'),
    ...(schema.items ? boundsOf(schema.items).filter((bound) => !bound.endsWith('items')) : []),
    ...alternativesOf(schema).flatMap(boundsOf),
    ...(schema.default === undefined ? [] : [`= ${JSON.stringify(schema.default)}`]),
  ];
}
