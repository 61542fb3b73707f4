// The snake_case form in which feedback travels in the API's JSON and in files, derived from the schemas of kinds.ts.
import { z } from 'zod';

const toSnake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * The same schema with its fields in snake_case, without the refinements of objects: `parseWire` applies these, because
 * they read the fields by their names in code. Keys of records are data and stay.
 */
export function wireSchema(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape).map(([name, field]) => [toSnake(name), wireSchema(field)]);
    return z.strictObject(Object.fromEntries(fields));
  }
  if (schema instanceof z.ZodArray) return schema.clone({ ...schema.def, element: wireSchema(schema.element) });
  if (isWrapper(schema)) return schema.clone({ ...schema.def, innerType: wireSchema(schema.def.innerType) } as never);
  return schema as z.ZodType;
}

/** Parses what `wireSchema` has accepted; an issue names the field as it was sent. */
export function parseWire<T>(schema: z.ZodType<T>, sent: unknown, context: z.RefinementCtx): T {
  const parsed = schema.safeParse(rename(schema, sent, toSnake, (name) => name));
  if (parsed.success) return parsed.data;
  for (const { message, path } of parsed.error.issues) {
    const named = path.map((key) => (typeof key === 'string' ? toSnake(key) : key));
    context.addIssue({ code: 'custom', path: named, message: message.replace(/\b[a-z]+[A-Z]\w*/g, toSnake) });
  }
  return z.NEVER;
}

/** A parsed value as it is sent. */
export const toWire = (schema: z.core.$ZodType, value: unknown): unknown =>
  rename(schema, value, (name) => name, toSnake);

function rename(
  schema: z.core.$ZodType,
  value: unknown,
  from: (name: string) => string,
  to: (name: string) => string,
): unknown {
  if (isWrapper(schema)) return rename(schema.def.innerType, value, from, to);
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value.map((item) => rename(schema.element, item, from, to));
  if (!(schema instanceof z.ZodObject) || typeof value !== 'object' || value === null) return value;
  const given = value as Record<string, unknown>;
  const fields = Object.entries(schema.shape).filter(([name]) => Object.hasOwn(given, from(name)));
  return Object.fromEntries(fields.map(([name, field]) => [to(name), rename(field, given[from(name)], from, to)]));
}

const isWrapper = (schema: z.core.$ZodType): schema is z.ZodOptional | z.ZodNullable | z.ZodDefault =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault;
