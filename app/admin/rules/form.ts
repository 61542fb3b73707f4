// The form of a rule: its fields, what is typed into them, and the rule that this means.
import { isChargeable } from '@/core/constraints/charged';
import type { Rule, RuleKind } from '@/core/constraints/rules';

export type RuleField = { name: string } & (
  | { type: 'text'; most: number | undefined; isRequired: boolean; isNullable: boolean }
  | { type: 'number'; min: number | undefined; max: number | undefined; step: number | 'any'; isNullable: boolean }
  | { type: 'switch' }
  | { type: 'select'; options: readonly string[] }
  | { type: 'checks'; options: readonly string[] }
  /** A list of texts, one a line. */
  | { type: 'lines' }
  /** Names with a number each, one pair a line. */
  | { type: 'numbers' }
);
export type RuleForms = Record<RuleKind, RuleField[]>;

/** What a control holds. */
export type Typed = string | boolean | readonly string[];
export type TypedFields = Record<string, Typed>;

type Settings = Record<string, unknown>;

/** What training charges; what is not shown is saved as it was. */
const OF_TRAINING = ['cost', 'target'];

export const shownFields = (fields: readonly RuleField[], kind: RuleKind): RuleField[] =>
  fields.filter(({ name }) => isChargeable(kind) || !OF_TRAINING.includes(name));

export const typedOf = (fields: readonly RuleField[], rule: Rule): TypedFields =>
  Object.fromEntries(fields.map((field) => [field.name, typed(field, (rule as Settings)[field.name])]));

/** The settings that are typed; whether they are allowed is for the server to say. */
export const settingsOf = (fields: readonly RuleField[], typed: TypedFields): Settings =>
  Object.fromEntries(fields.map((field) => [field.name, setting(field, typed[field.name]!)]));

function typed(field: RuleField, value: unknown): Typed {
  switch (field.type) {
    case 'switch':
      return value as boolean;
    case 'checks':
      return value as string[];
    case 'lines':
      return (value as string[]).join('\n');
    case 'numbers':
      return Object.entries(value as Record<string, number>)
        .map((pair) => pair.join(' '))
        .join('\n');
    default:
      return value === null ? '' : String(value);
  }
}

function setting(field: RuleField, value: Typed): unknown {
  if (typeof value !== 'string') return value;
  switch (field.type) {
    case 'lines':
      return linesOf(value);
    case 'numbers':
      return Object.fromEntries(linesOf(value).map(pairOf));
    case 'number':
      if (value.trim() !== '') return Number(value);
      // Not 0, which the server might allow.
      return field.isNullable ? null : Number.NaN;
    case 'text':
      return value.trim() === '' && field.isNullable ? null : value;
    default:
      return value;
  }
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** A label may have blanks in it; the number is what follows the last one. */
function pairOf(line: string): [string, number] {
  const at = line.search(/\s\S+$/);
  return at < 0 ? [line, Number.NaN] : [line.slice(0, at).trim(), Number(line.slice(at))];
}
