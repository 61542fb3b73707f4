// Describes the form of each kind of rule from the schema of its settings.
import { z } from 'zod';
import type { RuleField, RuleForms } from '@/app/admin/rules/form';
import { Rule, type RuleKind } from '@/core/constraints/rules';

/** What each field of a rule's JSON schema may be made of. */
const Property = z.object({
  type: z.enum(['string', 'number', 'integer', 'boolean', 'array', 'object']),
  enum: z.array(z.string()).optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  items: z.object({ type: z.literal('string'), enum: z.array(z.string()).optional() }).optional(),
  additionalProperties: z.object({ type: z.literal('number') }).optional(),
});
const Nullable = z.object({ anyOf: z.tuple([Property, z.object({ type: z.literal('null') })]) });
const Schema = z.object({ properties: z.record(z.string(), z.unknown()) });

const COMMON = ['name', 'input', 'output', 'message', 'audiences', 'cost', 'target'];
/** The version is counted, the kind stays, and examples have rows of their own. */
const APART = ['id', 'version', 'kind', 'examples'];
/** A longer list of choices is written, not ticked. */
const MOST_BOXES = 40;

export function describeKinds(): RuleForms {
  return Object.fromEntries(
    Rule.options.map((option) => {
      const { properties } = Schema.parse(z.toJSONSchema(option as z.ZodType, { io: 'input' }));
      const own = Object.keys(properties).filter((name) => ![...COMMON, ...APART].includes(name));
      return [option.shape.kind.value, [...COMMON, ...own].map((name) => describe(name, properties[name]))];
    }),
  ) as Record<RuleKind, RuleField[]>;
}

function describe(name: string, schema: unknown): RuleField {
  const { data } = Nullable.safeParse(schema);
  const property = data ? data.anyOf[0] : Property.parse(schema);
  const isNullable = data !== undefined;
  switch (property.type) {
    case 'string': {
      if (property.enum) return { name, type: 'select', options: property.enum };
      const isRequired = Boolean(property.minLength || property.pattern || property.format) && !isNullable;
      return { name, type: 'text', most: property.maxLength, isRequired, isNullable };
    }
    case 'number':
    case 'integer': {
      const step = property.type === 'integer' ? 1 : 'any';
      return { name, type: 'number', min: property.minimum, max: property.maximum, step, isNullable };
    }
    case 'boolean':
      return { name, type: 'switch' };
    case 'array': {
      const options = property.items?.enum;
      return options && options.length <= MOST_BOXES ? { name, type: 'checks', options } : { name, type: 'lines' };
    }
    case 'object':
      return { name, type: 'numbers' };
  }
}
