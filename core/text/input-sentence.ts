// Says in one sentence what is wrong with a value that a schema refuses, in place of the validator's own words.
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** The field as a person would write it: `limits.user`, `stop[2]`. */
export const fieldName = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');

/** The first thing that is wrong, and the field that has it. */
export function inputSentence(error: z.core.$ZodError): { sentence: string; field: string | null } {
  const { issue, path } = innermost(error.issues[0]!);
  const field = fieldName(path);
  return { sentence: `${field || 'The request'} ${reason(issue)}.`, field: field || null };
}

/** In a union, the alternative that matched furthest shows what was meant. */
function innermost(issue: Issue, before: readonly PropertyKey[] = []): { issue: Issue; path: PropertyKey[] } {
  const path = [...before, ...issue.path];
  if (issue.code !== 'invalid_union') return { issue, path };
  const inner = issue.errors.flatMap((issues) => issues.map((nested) => innermost(nested, path)));
  return inner.reduce((best, next) => (next.path.length > best.path.length ? next : best), { issue, path });
}

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  date: 'a date',
};

const FORMATS: Record<string, string> = {
  uuid: 'must be a UUID',
  email: 'must be an e-mail address',
  url: 'must be a web address',
};

const UNITS: Record<string, [one: string, many: string]> = {
  string: ['character', 'characters'],
  array: ['item', 'items'],
  set: ['item', 'items'],
};

const amount = (limit: number | bigint, origin: string) => {
  const unit = UNITS[origin];
  return unit ? `${limit} ${Number(limit) === 1 ? unit[0] : unit[1]}` : String(limit);
};

function reason(issue: Issue): string {
  const isCounted = 'origin' in issue && issue.origin in UNITS;
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? 'is missing'
        : `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'too_small':
      if (isCounted) return `must have at least ${amount(issue.minimum, issue.origin)}`;
      return `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      if (isCounted) return `must have at most ${amount(issue.maximum, issue.origin)}`;
      return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'has the wrong form';
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return `has ${issue.keys.length === 1 ? 'the unknown field' : 'the unknown fields'} ${issue.keys.join(', ')}`;
    case 'custom':
      return issue.message;
    default:
      return 'has a value that is not allowed here';
  }
}
