// Reads a dialogue of a published data set: messages with roles, or one string with the turns of HH-RLHF.
import { z } from 'zod';
import type { ChatMessage } from '../base/base';
import { AttuneError } from '../errors';
import { excerpt } from '../text/text';
import { nameUnknownKeys } from '../text/unknown-keys';

/** A turn; weight 0 marks an answer that is context and is not learnt. */
export interface Turn extends ChatMessage {
  weight?: 0 | 1;
}

const ROLES = ['system', 'user', 'assistant'] as const;

/** Published conversations carry every field of their source; an empty field has no meaning. */
export const isEmpty = (value: unknown) =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

const withoutEmpty = (value: unknown) =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).filter(([key, field]) => key === 'content' || !isEmpty(field)))
    : value;

const TextPart = z.strictObject({ type: z.literal('text', { error: 'only text is read' }), text: z.string() });
const Content = z
  .preprocess((value) => (typeof value === 'string' ? [{ type: 'text', text: value }] : value), z.array(TextPart))
  .transform((parts) => parts.map(({ text }) => text).join(''));

const Message = z.preprocess(
  withoutEmpty,
  z.strictObject({
    role: z.enum(ROLES, {
      error: ({ input }) =>
        `the role ${excerpt(JSON.stringify(input) ?? 'nothing')} is not read, only ${ROLES.join(', ')} are`,
    }),
    content: Content,
    weight: z.literal([0, 1], { error: 'weight is 0 (context) or 1 (to be learnt)' }).optional(),
  }),
);
const Messages = z.array(Message).min(1);

/** `field` names the value in messages. */
export function readTurns(value: unknown, field: string, place: string): Turn[] {
  if (typeof value === 'string') return splitTurns(value, field, place);
  const parsed = Messages.safeParse(value, { error: nameUnknownKeys });
  if (parsed.success) return parsed.data as Turn[];
  const { message, path } = parsed.error.issues[0]!;
  const where = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  throw new AttuneError('BAD_INPUT', `${place}: ${field}${where}: ${message}`);
}

const HH_TURN = /(?:^|\n\n)(Human|Assistant):[ \t]*/;

/** Whether a string is a dialogue in the form of HH-RLHF and not a single text. */
export const isDialogue = (text: string): boolean => /^\s*Human:/.test(text);

/** A string with the turns of HH-RLHF is a dialogue; any other string is a user's message. */
function splitTurns(text: string, field: string, place: string): Turn[] {
  const [before, ...parts] = text.trim().split(HH_TURN);
  if (text.trim() === '') throw new AttuneError('BAD_INPUT', `${place}: ${field} is empty.`);
  if (parts.length === 0) return [{ role: 'user', content: text }];
  if (before?.trim()) {
    throw new AttuneError('BAD_INPUT', `${place}: ${field} has text before the first "Human:" or "Assistant:".`);
  }
  const turns: Turn[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const content = parts[i + 1]!.trim();
    // A prompt may end with "Assistant:", after which the answer begins.
    if (content || i + 2 < parts.length) turns.push({ role: parts[i] === 'Human' ? 'user' : 'assistant', content });
  }
  return turns;
}
