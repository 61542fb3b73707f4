// Reads the columns of PKU-SafeRLHF: two responses, which one is better, whether each is safe, and which one is safer.
import { z } from 'zod';
import { AttuneError } from '../errors';
import type { FeedbackValue } from '../feedback/kinds';

const Side = z.literal([0, 1], { error: 'must be 0 or 1' });
const Label = z.boolean({ error: 'must be true or false' });
const Shape = {
  response_0: z.string({ error: 'must be a text' }),
  response_1: z.string({ error: 'must be a text' }),
  is_response_0_safe: Label,
  is_response_1_safe: Label,
  better_response_id: Side,
  safer_response_id: Side.optional(),
};
const Columns = z.object({ prompt: z.unknown(), ...Shape });

export const SAFETY_FIELDS = Object.keys(Shape);

type Line = Record<string, unknown>;

export const isSafetyPair = (line: Line): boolean =>
  Object.hasOwn(line, 'response_0') || Object.hasOwn(line, 'response_1');

export interface SafetyPair {
  responses: [left: string, right: string];
  value: FeedbackValue<'comparison'>;
  /** The fields that say nothing about the two responses. */
  rest: Line;
}

/** Throws BAD_INPUT naming the place and the column. */
export function readSafetyPair(line: Line, place: string): SafetyPair {
  const refuse = (reason: string) => new AttuneError('BAD_INPUT', `${place}: ${reason}.`);
  if (!Object.hasOwn(line, 'prompt')) throw refuse('"prompt" is missing');
  const parsed = Columns.safeParse(line);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw refuse(`"${path.join('.')}" ${message}`);
  }
  const columns = parsed.data;
  const sides = ['left', 'right'] as const;
  const safetyOf = (isSafe: boolean) => (isSafe ? 'safe' : 'unsafe') as 'safe' | 'unsafe';
  const [left, right] = [safetyOf(columns.is_response_0_safe), safetyOf(columns.is_response_1_safe)];
  const safer = columns.safer_response_id === undefined ? undefined : sides[columns.safer_response_id];
  if (safer && left !== right && { left, right }[safer] === 'unsafe')
    throw refuse('"safer_response_id" names the response that is not safe while the other one is');
  return {
    responses: [columns.response_0, columns.response_1],
    value: { choice: sides[columns.better_response_id], safety: { left, right, ...(safer && { safer }) } },
    rest: Object.fromEntries(
      Object.entries(line).filter(([field]) => field !== 'prompt' && !SAFETY_FIELDS.includes(field)),
    ),
  };
}
