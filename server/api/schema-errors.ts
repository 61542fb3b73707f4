// Picks, from a schema's issues with a wrong body, the one that its writer needs to know.
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;
interface Found {
  issue: Issue;
  path: PropertyKey[];
}

/** A union rejects once for each alternative; the one that the value matches furthest is taken as the one meant. */
export function meant(issue: Issue, before: PropertyKey[] = []): Found {
  const path = [...before, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return { issue, path };
  const alternatives = issue.errors.filter((issues) => issues.length > 0);
  const found = alternatives.map((issues) => meant(issues[0]!, path));
  const best = found.reduce((one, other) => (isFurther(other, one, path.length) ? other : one));
  // The value has the type of no alternative, so the error names the types of all of them.
  if (best.path.length === path.length && isMismatch(best.issue)) {
    const expected = [...new Set(found.flatMap((one) => (isMismatch(one.issue) ? expectedBy(one.issue) : [])))];
    return { issue: { ...issue, message: `Invalid input: expected ${listOf(expected)}` }, path };
  }
  return best;
}

function isFurther(one: Found, other: Found, depth: number): boolean {
  if (one.path.length !== other.path.length) return one.path.length > other.path.length;
  const [place, otherPlace] = [one.path[depth], other.path[depth]];
  if (typeof place === 'number' && typeof otherPlace === 'number' && place !== otherPlace) return place > otherPlace;
  return isMismatch(other.issue) && !isMismatch(one.issue);
}

const isMismatch = (issue: Issue) => issue.code === 'invalid_type' || issue.code === 'invalid_value';

function expectedBy(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [issue.expected];
  return issue.code === 'invalid_value' ? issue.values.map((value) => JSON.stringify(value)) : [];
}

const listOf = (words: string[]) =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
