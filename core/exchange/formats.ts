// Names the formats of data sets: recognises the one that a line has, and writes conversations in the one asked for.
import { z } from 'zod';
import { AttuneError } from '../errors';
import { excerpt } from '../text/text';
import { nameUnknownKeys } from '../text/unknown-keys';
import { readArgillaLine, writeArgilla } from './argilla';
import { readOasstLine, writeOasst } from './oasst';
import { type Line, type Read, readPairLine, TRL_SHAPES, writeHh, writeTrl } from './pairs';
import { type ConversationRecord, OwnLine, type OwnRecord } from './record';

/** What a line holds: a record of our own, a conversation in another format, or the reason why it is left out. */
export type ReadLine = { own: OwnRecord } | Exclude<Read, { leftOut: string }> | { leftOut: string };

/** Throws BAD_INPUT naming the place and what is wrong with it. */
export function readExchangeLine(text: string, place: string): ReadLine {
  const line = parseObject(text, place);
  checkCharacters(line, place);
  if (Object.hasOwn(line, 'attune')) return { own: readOwn(line, place) };
  if (Object.hasOwn(line, 'kind') && Object.hasOwn(line, 'promptIds'))
    throw refused(place, 'this is a row of a snapshot, which holds token ids and no text: use it with attune train');
  if (Object.hasOwn(line, 'fields')) return readArgillaLine(line, place);
  if (Object.hasOwn(line, 'replies') || isTree(line.prompt)) return readOasstLine(line, place);
  if (Object.hasOwn(line, 'message_id'))
    throw refused(
      place,
      'this is a single message of OpenAssistant: give the file of trees, whose messages hold their replies',
    );
  return readPairLine(line, place);
}

const isTree = (prompt: unknown) => typeof prompt === 'object' && prompt !== null && Object.hasOwn(prompt, 'replies');

function readOwn(line: Line, place: string): OwnRecord {
  const isQuestionnaire = Object.hasOwn(line, 'questionnaire');
  const schema = OwnLine.options[isQuestionnaire ? 0 : 1]!;
  const parsed = schema.safeParse(line, { error: nameUnknownKeys });
  if (parsed.success) return parsed.data;
  throw refused(place, excerpt(z.prettifyError(parsed.error).replace(/\s+/gu, ' '), 300));
}

function parseObject(text: string, place: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refused(place, `not JSON (${excerpt((cause as Error).message, 120)}); give one object a line`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Line;
  throw refused(place, 'not an object; give one object a line');
}

/** Half a surrogate pair cannot be stored as UTF-8, and Postgres cannot store U+0000. */
function checkCharacters(line: Line, place: string): void {
  // A stack, because a tree may be deeper than the call stack.
  const waiting: unknown[] = [line];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (typeof at === 'string' && /\p{Surrogate}|\0/u.test(at))
      throw refused(place, `the text ${excerpt(JSON.stringify(at), 40)} has U+0000 or half a surrogate pair`);
    if (typeof at === 'object' && at !== null)
      for (const [key, value] of Object.entries(at)) {
        waiting.push(key);
        if (value !== null && value !== undefined) waiting.push(value);
      }
  }
}

const refused = (place: string, reason: string) =>
  new AttuneError('BAD_INPUT', `${place}: ${reason.replace(/[.?]$/u, '')}.`);

export const EXCHANGE_FORMATS = ['jsonl', 'oasst', 'hh', 'trl', 'argilla'] as const;
export type ExchangeFormat = (typeof EXCHANGE_FORMATS)[number];

/** The files of a format, by the name that is added to what the person gave; TRL reads one shape a file. */
export const partsOf = (format: ExchangeFormat): readonly string[] => (format === 'trl' ? TRL_SHAPES : ['']);

/** The lines that a conversation has in a format, each with its part. What the format cannot say is left out. */
export function writeRecord(format: ExchangeFormat, record: ConversationRecord): { part: string; line: string }[] {
  const whole = (lines: readonly string[]) => lines.map((line) => ({ part: '', line }));
  const asText = (lines: readonly unknown[]) => whole(lines.map((line) => JSON.stringify(line)));
  switch (format) {
    case 'jsonl':
      return asText([record]);
    case 'oasst':
      return whole(writeOasst(record));
    case 'hh':
      return asText(writeHh(record));
    case 'trl':
      return writeTrl(record).map(({ shape, line }) => ({ part: shape, line: JSON.stringify(line) }));
    case 'argilla':
      return asText(writeArgilla(record));
  }
}
