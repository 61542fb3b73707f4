// Draws hostile values: odd ones of any shape, and ones that almost fit what a zod schema asks for.
import fc from 'fast-check';
import { z } from 'zod';

/** Keys that every object already has, characters that Postgres or UTF-8 cannot hold, extreme numbers, deep nesting. */
export const oddKey = fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '\0', '', 'length');
export const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '\0',
    'a\0b',
    '\ud800',
    '\u202e',
    '\ufeff',
    '𝒳'.repeat(300),
    '<|im_end|>',
    '{{7*7}}',
    "'; drop table usage;--",
  ),
);
export const oddNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 0.5, 1e308, -1e308, 2 ** 53, 2 ** 63, -(2 ** 63), 5e-324),
  fc.integer(),
  fc.double({ noNaN: true }),
);
export const odd: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    oddNumber,
    oddText,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(oddKey, fc.string({ maxLength: 5 })), tie('value'), { maxKeys: 3 }),
  ),
})).value;

/** Ids that exist, by the name of the field that asks for one; a field with another name gets any of them. */
export type KnownIds = Record<string, string[]>;

/** Values for a schema, of which about half fit: one part in twelve is anything. */
export function almostFitting(schema: z.ZodType, known: KnownIds): fc.Arbitrary<unknown> {
  const all = Object.values(known).flat();
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape;
  return build(shape, '', (field) => {
    const named = fc.constantFrom(...(known[field]?.length ? known[field] : all));
    return fc.oneof(
      { weight: 6, arbitrary: named },
      { weight: 1, arbitrary: fc.constantFrom(...all) },
      { weight: 1, arbitrary: fc.uuid() },
    );
  });
}

/** The part of JSON Schema that inputs use. */
interface Shape {
  const?: unknown;
  enum?: unknown[];
  anyOf?: Shape[];
  oneOf?: Shape[];
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'null' | 'array' | 'object';
  format?: string;
  minimum?: number;
  maximum?: number;
  items?: Shape;
  properties?: Record<string, Shape>;
  required?: string[];
  additionalProperties?: Shape | boolean;
}

function build(shape: Shape, field: string, idFor: (field: string) => fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 11, arbitrary: fitting(shape, field, idFor) }, { weight: 1, arbitrary: odd });
}

function fitting(shape: Shape, field: string, idFor: (field: string) => fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const part = (inner: Shape, name = field) => build(inner, name, idFor);
  if ('const' in shape) return fc.constant(shape.const);
  if (shape.enum) return fc.constantFrom(...shape.enum);
  const either = shape.anyOf ?? shape.oneOf;
  // The parts of a union stand for themselves, so that a wrong one is not wrong twice.
  if (either) return fc.oneof(...either.map((inner) => fitting(inner, field, idFor)));
  switch (shape.type) {
    case 'string': {
      if (shape.format === 'uuid' || /id$/i.test(field)) return idFor(field);
      return fc.oneof(fc.string({ minLength: 1, maxLength: 12 }), oddText);
    }
    case 'integer':
    case 'number': {
      const [min, max] = [Math.max(shape.minimum ?? 0, -1000), Math.min(shape.maximum ?? 1000, 1000)];
      return shape.type === 'integer' ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
    }
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(part(shape.items ?? {}), { maxLength: 4 });
    case 'object': {
      const { properties = {}, required = [], additionalProperties: more } = shape;
      const whole = fc.record(
        Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, part(inner, name)])),
        { requiredKeys: required },
      );
      const others = typeof more === 'object' ? part(more) : odd;
      const extra = fc.dictionary(oddKey, others, { maxKeys: typeof more === 'object' ? 3 : 1 });
      return fc.oneof(
        { weight: typeof more === 'object' ? 1 : 15, arbitrary: whole },
        { weight: 1, arbitrary: fc.tuple(whole, extra).map(([base, added]) => ({ ...base, ...added })) },
      );
    }
    default:
      return odd;
  }
}
