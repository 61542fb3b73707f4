// A value that a schema refuses is reported in our own sentence, with the field's name.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { inputSentence } from '@/core/text/input-sentence';

const Schema = z
  .object({
    id: z.uuid(),
    share: z.number().min(0).max(1),
    count: z.int().min(1),
    name: z.string().min(1).max(3),
    list: z.array(z.object({ kind: z.enum(['a', 'b']) })),
    either: z.union([z.string(), z.array(z.number())]),
  })
  .partial()
  .strict();

it.each([
  [{ id: 'not-a-uuid' }, 'id must be a UUID.'],
  [{ share: 2 }, 'share must be at most 1.'],
  [{ share: 'much' }, 'share must be a number.'],
  [{ count: 1.5 }, 'count must be a whole number.'],
  [{ count: 0 }, 'count must be at least 1.'],
  [{ name: '' }, 'name must have at least 1 character.'],
  [{ name: 'abcd' }, 'name must have at most 3 characters.'],
  [{ list: [{ kind: 'c' }] }, 'list[0].kind must be "a" or "b".'],
  [{ list: [{}] }, 'list[0].kind must be "a" or "b".'],
  [{ either: ['x'] }, 'either[0] must be a number.'],
  [{ shaer: 1 }, 'The request has the unknown field shaer.'],
  [null, 'The request must be an object.'],
])('%j: %s', (value, sentence) => {
  const { error } = Schema.safeParse(value);
  expect(inputSentence(error!).sentence).toBe(sentence);
});
