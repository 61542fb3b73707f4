// Reads and writes records of Argilla: a prompt, the answers to it, and what each annotator said of them.
import { z } from 'zod';
import { AttuneError } from '../errors';
import { CHOICES, FEEDBACK_VALUES, type FeedbackKind, STRENGTHS } from '../feedback/kinds';
import { inputSentence } from '../text/input-sentence';
import { excerpt } from '../text/text';
import { type Draft, DraftBuilder } from './draft';
import type { Line, Read } from './pairs';
import type { ConversationRecord } from './record';
import { readTurns, type Turn } from './turns';
import { answersOf, pathTo, rowsOf } from './view';

const Said = z.looseObject({ value: z.unknown(), user_id: z.string().nullish(), status: z.string().nullish() });
/** Argilla 2 groups by question, Argilla 1 by annotator. */
const Record2 = z.looseObject({
  fields: z.record(z.string(), z.unknown()),
  responses: z.record(z.string(), z.array(Said)).nullish(),
});
const Record1 = z.looseObject({
  fields: z.record(z.string(), z.unknown()),
  responses: z
    .array(
      z.looseObject({
        values: z.record(z.string(), z.looseObject({ value: z.unknown() })).nullish(),
        user_id: z.string().nullish(),
        status: z.string().nullish(),
      }),
    )
    .nullish(),
});

const PROMPTS = ['chat', 'prompt', 'instruction', 'question', 'input', 'conversation', 'messages'];
const ANSWER = /^(?:response|completion|answer|output|generation|chosen|rejected)(?:[-_ ]?\w{1,2})?$/iu;

interface Statement {
  question: string;
  value: unknown;
  by: string | null;
}

/** Throws BAD_INPUT naming the place and the field. Answers to questions whose meaning is not known are `leftOut`. */
export function readArgillaLine(line: Line, place: string): Read {
  const fields = parse(z.looseObject({ fields: z.record(z.string(), z.unknown()) }), line, place).fields;
  const promptField = PROMPTS.find((name) => Object.hasOwn(fields, name));
  if (!promptField) {
    const given = Object.keys(fields).map((name) => JSON.stringify(excerpt(name, 40)));
    throw new AttuneError(
      'BAD_INPUT',
      `${place}: none of the fields ${given.join(', ')} is the prompt. Name it "prompt".`,
    );
  }
  const names = Object.keys(fields).filter((name) => name !== promptField && ANSWER.test(name));
  const texts = names.map((name) => {
    const text = fields[name];
    if (typeof text === 'string') return text;
    throw new AttuneError('BAD_INPUT', `${place}: fields.${name} must be text.`);
  });
  if (texts.some((text) => text.trim() === '')) return { leftOut: 'an answer is empty' };
  const turns = readTurns(fields[promptField], `fields.${promptField}`, place).filter(hasWords);
  const system = turns[0]?.role === 'system' ? turns[0].content : null;
  const { fields: _fields, responses: _responses, ...rest } = line;
  const attributes = { argilla: rest, ...(system !== null && { system }) } as Draft['attributes'];
  const builder = new DraftBuilder(null, attributes);
  let asked: string | null = null;
  for (const { role, content } of turns) if (role !== 'system') asked = builder.message(asked, role, content);
  if (!asked || turns.at(-1)!.role !== 'user')
    throw new AttuneError('BAD_INPUT', `${place}: fields.${promptField} must end with a message of the user.`);
  const answers = texts.map((text) => builder.answer(asked!, text));
  const statements = statementsOf(line, place);
  let isUnderstood = statements.length === 0;
  for (const statement of statements) {
    if (state(builder, asked, names, answers, statement, statements, place)) isUnderstood = true;
  }
  return isUnderstood ? builder.build() : { leftOut: `no question of a known kind (${statements[0]!.question})` };
}

const hasWords = ({ content }: Turn) => content.trim() !== '';

function statementsOf(line: Line, place: string): Statement[] {
  if (Array.isArray(line.responses)) {
    return (parse(Record1, line, place).responses ?? []).flatMap(({ values, user_id: by, status }) =>
      isSubmitted(status)
        ? Object.entries(values ?? {}).map(([question, { value }]) => ({ question, value, by: by ?? null }))
        : [],
    );
  }
  return Object.entries(parse(Record2, line, place).responses ?? {}).flatMap(([question, said]) =>
    said.flatMap(({ value, user_id: by, status }) =>
      isSubmitted(status) ? [{ question, value, by: by ?? null }] : [],
    ),
  );
}

/** A draft is not yet a judgement, and a discarded record is none. */
const isSubmitted = (status: string | null | undefined) => status == null || status === 'submitted';

/** A question's name: what is asked, the numbers of the answers that it is about, and whether it is a remark on that. */
const NAME = /^([a-z]+(?:_of)?)((?:-\d+)*)(-comment)?$/u;

/** Adds what one annotator said; false if the question is not of a known kind. */
function state(
  builder: DraftBuilder,
  asked: string,
  names: readonly string[],
  answers: readonly string[],
  { question, value, by }: Statement,
  all: readonly Statement[],
  place: string,
): boolean {
  const refuse = (reason: string) => new AttuneError('BAD_INPUT', `${place}: the response to ${question} ${reason}.`);
  const [, word = '', numbers = '', isComment] = NAME.exec(question) ?? [];
  if (isComment) return false; // belongs to the question that it is a remark on
  const kind = kindOf(question, word, value, answers.length);
  if (!kind) return false;
  const chosen = numbers.split('-').filter(Boolean).map(Number);
  const about = (chosen.length > 0 ? chosen : answers.map((_, i) => i + 1)).map((n) => {
    const answer = answers[n - 1];
    if (!answer) throw refuse(`is about answer ${n} of ${answers.length}`);
    return answer;
  });
  const remark = all.find((other) => other.question === `${question}-comment` && other.by === by)?.value;
  const comment = typeof remark === 'string' && remark.trim() ? remark : null;
  const give = <Kind extends FeedbackKind>(kind: Kind, subject: string, said: unknown) => {
    const parsed = FEEDBACK_VALUES[kind].safeParse(said);
    if (!parsed.success) throw refuse(`does not fit: ${inputSentence(parsed.error).sentence.replace(/\.$/u, '')}`);
    builder.feedback(kind, subject, parsed.data as never, by, comment);
    return true;
  };
  const answerNamed = (name: unknown) => {
    const answer = answers[names.indexOf(String(name))];
    if (!answer) throw refuse(`names ${excerpt(JSON.stringify(name) ?? 'nothing', 40)}, which is no field`);
    return answer;
  };
  switch (kind) {
    case 'thumb':
      return give('thumb', about[0]!, { up: isUp(value), reasons: [] });
    case 'rating':
      return give('rating', about[0]!, { rating: value });
    case 'flaws':
      return give('flaws', about[0]!, { flaws: (value as unknown[]).map((flaw) => ({ flaw })) });
    case 'correction':
      return give('correction', about[0]!, { text: value });
    case 'demonstration':
      return give('demonstration', asked, { text: value });
    case 'comparison': {
      const [left, right] = about as [string, string];
      const { id, isSwapped } = builder.comparison(left, right);
      const said = value === 'tie' || value === 'both_bad' ? value : answerNamed(value) === left ? 'left' : 'right';
      const choice = isSwapped && said === 'left' ? 'right' : isSwapped && said === 'right' ? 'left' : said;
      const strength = all.find((other) => other.question === `strength${numbers}` && other.by === by)?.value;
      return give('comparison', id, { choice, ...(isOf(STRENGTHS, strength) && { strength }) });
    }
    case 'best_of':
      return give('best_of', asked, { generationIds: about, best: answerNamed(value) });
    case 'ranking': {
      const ranks = z.array(z.object({ value: z.string(), rank: z.number() })).safeParse(value);
      if (!ranks.success) throw refuse('is no list of {value, rank}');
      const steps = [...new Set(ranks.data.map(({ rank }) => rank))].sort((a, b) => a - b);
      const order = steps.map((step) =>
        ranks.data.flatMap(({ value, rank }) => (rank === step ? [answerNamed(value)] : [])),
      );
      return give('ranking', asked, { order });
    }
    default:
      return false;
  }
}

const isOf = <T extends string>(list: readonly T[], value: unknown): value is T => list.includes(value as T);
const isUp = (value: unknown) => value === true || /^(?:up|yes|true|good|positive|1)$/iu.test(String(value));
const UP_OR_DOWN = /^(?:up|down|yes|no|true|false|good|bad|positive|negative)$/iu;

/** By our own names, and for others by the shape of the value and what the name tells. */
function kindOf(question: string, word: string, value: unknown, answers: number): FeedbackKind | null {
  const own: Record<string, FeedbackKind> = {
    ...{ thumb: 'thumb', rating: 'rating', flaws: 'flaws', correction: 'correction', demonstration: 'demonstration' },
    ...{ preference: 'comparison', best_of: 'best_of', ranking: 'ranking' },
  };
  if (Object.hasOwn(own, word)) return own[word]!;
  if (Array.isArray(value)) return /rank/iu.test(question) ? 'ranking' : null;
  if (typeof value === 'number') return answers === 1 && /rating|score|quality/iu.test(question) ? 'rating' : null;
  if (answers === 1 && (typeof value === 'boolean' || UP_OR_DOWN.test(String(value)))) return 'thumb';
  if (typeof value !== 'string') return null;
  if (answers === 1 && /correct|edit|rewrite|improve/iu.test(question)) return 'correction';
  if (/prefer|best|choice|better|chosen/iu.test(question)) return answers === 2 ? 'comparison' : 'best_of';
  return null;
}

function parse<T>(schema: z.ZodType<T>, line: Line, place: string): T {
  const parsed = schema.safeParse(line);
  if (parsed.success) return parsed.data;
  throw new AttuneError('BAD_INPUT', `${place}: ${inputSentence(parsed.error).sentence}`);
}

/** A record for each message that has answers or a demonstration, in Argilla 2's form. */
export function writeArgilla(record: ConversationRecord): Line[] {
  const system = record.attributes?.system;
  return record.messages.flatMap(({ id, role }) => {
    if (role !== 'user') return [];
    const answers = answersOf(record, id);
    const responses = responsesAbout(record, id, new Map(answers.map(({ generationId }, i) => [generationId, i + 1])));
    if (Object.keys(responses).length === 0) return [];
    const chat = pathTo(record, id).map(({ role, text }) => ({ role, content: text }));
    return [
      {
        id,
        fields: {
          chat: [...(typeof system === 'string' ? [{ role: 'system', content: system }] : []), ...chat],
          ...Object.fromEntries(answers.map(({ text }, i) => [`response-${i + 1}`, text])),
        },
        metadata: {},
        suggestions: {},
        responses,
        vectors: {},
      },
    ];
  });
}

function responsesAbout(record: ConversationRecord, messageId: string, numbers: ReadonlyMap<string, number>) {
  const responses: Record<string, { value: unknown; user_id: string }[]> = {};
  const say = (question: string, value: unknown, { by, comment }: { by: string; comment: string | null }) => {
    responses[question] = [...(responses[question] ?? []), { value, user_id: by }];
    if (!comment?.trim()) return;
    responses[`${question}-comment`] = [...(responses[`${question}-comment`] ?? []), { value: comment, user_id: by }];
  };
  const nameOf = (generationId: string) => `response-${numbers.get(generationId)}`;
  const numbered = (word: string, ids: readonly string[]) => [word, ...ids.map((id) => numbers.get(id))].join('-');
  const isHere = (...ids: string[]) => ids.every((id) => numbers.has(id));
  for (const row of rowsOf(record, 'thumb'))
    if (isHere(row.about)) say(numbered('thumb', [row.about]), row.value.up ? 'up' : 'down', row);
  for (const row of rowsOf(record, 'rating'))
    if (isHere(row.about)) say(numbered('rating', [row.about]), row.value.rating, row);
  for (const row of rowsOf(record, 'flaws'))
    if (isHere(row.about))
      say(numbered('flaws', [row.about]), [...new Set(row.value.flaws.map(({ flaw }) => flaw))], row);
  for (const row of rowsOf(record, 'correction'))
    if (isHere(row.about)) say(numbered('correction', [row.about]), row.value.text, row);
  for (const row of rowsOf(record, 'demonstration'))
    if (row.about === messageId) say('demonstration', row.value.text, row);
  const pairs = new Map(record.comparisons.map((pair) => [pair.id, pair]));
  for (const row of rowsOf(record, 'comparison')) {
    const { left, right } = pairs.get(row.about)!;
    if (!isHere(left, right)) continue;
    const { choice, strength } = row.value;
    const isSide = choice === CHOICES[0] || choice === CHOICES[1];
    say(numbered('preference', [left, right]), isSide ? nameOf(choice === 'left' ? left : right) : choice, row);
    if (strength) say(numbered('strength', [left, right]), strength, { ...row, comment: null });
  }
  for (const row of rowsOf(record, 'best_of')) {
    const { generationIds, best } = row.value;
    if (row.about === messageId && isHere(...generationIds)) say(numbered('best_of', generationIds), nameOf(best), row);
  }
  for (const row of rowsOf(record, 'ranking')) {
    const { order } = row.value;
    if (row.about !== messageId || !isHere(...order.flat())) continue;
    const ranks = order.flatMap((group, i) => group.map((id) => ({ value: nameOf(id), rank: i + 1 })));
    say(numbered('ranking', []), ranks, row);
  }
  return responses;
}
