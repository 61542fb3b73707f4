// Reads and writes the shapes of HH-RLHF, TRL and PKU-SafeRLHF: pairs, labelled completions, demonstrations and bare prompts.
import { AttuneError } from '../errors';
import { excerpt } from '../text/text';
import { type Draft, DraftBuilder } from './draft';
import type { ConversationRecord, MessageRecord } from './record';
import { isSafetyPair, readSafetyPair } from './safety-pairs';
import { isDialogue, isEmpty, readTurns, type Turn } from './turns';
import { answersOf, pathTo, preferencesOf, rowsOf } from './view';

const READ = ['prompt', 'chosen', 'rejected', 'completion', 'label', 'messages', 'conversation', 'person'];
/** Fields that change what a line means: reading the line without them would be wrong. */
const UNREAD = [
  'tools',
  'functions',
  'images',
  'image',
  'videos',
  'audios',
  'chat_template_kwargs',
  'documents',
  'history',
];

export type Line = Record<string, unknown>;
/** A line that is well formed and still cannot be used, with the reason. */
export type Read = Draft | { leftOut: string };

/** Throws BAD_INPUT naming the place and the field. */
export function readPairLine(line: Line, place: string): Read {
  const refuse = (reason: string) => new AttuneError('BAD_INPUT', `${place}: ${reason}.`);
  if (Object.hasOwn(line, 'completions') || Object.hasOwn(line, 'labels'))
    throw refuse('stepwise supervision ("completions", "labels") is not read: Attune judges whole answers, not steps');
  if (isSafetyPair(line)) return draftSafetyPair(line, place);
  if (Object.hasOwn(line, 'text'))
    throw refuse('"text" alone is no dialogue: give {prompt, completion} or {messages}, or use attune import text');
  const unread = UNREAD.find((field) => !isEmpty(line[field]));
  if (unread) throw refuse(`"${unread}" is not read and would change what the line means`);
  const others = Object.entries(line).filter(([field]) => !READ.includes(field));
  const by = isEmpty(line.person) ? null : String(line.person);
  const has = (field: string) => Object.hasOwn(line, field);
  const turnsAt = (field: string) => readTurns(line[field], field, place);
  const attributes = others.length > 0 ? ({ fields: Object.fromEntries(others) } as Draft['attributes']) : null;

  /** The answer at the end of a field, with the turns before it. */
  const judged = (field: string): { turns: Turn[]; text: string } => {
    const value = line[field];
    if (value === undefined) throw refuse(`"${field}" is missing`);
    const prompt = has('prompt') ? turnsAt('prompt') : [];
    if (typeof value === 'string' && prompt.length > 0 && !isDialogue(value))
      return { turns: prompt, text: value.trim() };
    const given = turnsAt(field);
    // With a prompt of its own, a field may still be the whole dialogue.
    const isWhole = prompt.length === 0 || given[0]!.role !== 'assistant';
    const turns = isWhole ? given : [...prompt, ...given];
    const last = turns.at(-1)!;
    if (last.role !== 'assistant' || turns.length === 1)
      throw refuse(`"${field}" does not end with the assistant's answer to a message`);
    return { turns: turns.slice(0, -1), text: last.content };
  };
  const begin = (turns: readonly Turn[]) => {
    const { rest, system } = withoutSystem(turns, place);
    const builder = new DraftBuilder(null, system === null ? attributes : { ...attributes, system });
    let at: string | null = null;
    for (const { role, content } of rest) at = builder.message(at, role, content);
    return { builder, last: at, isAsked: rest.at(-1)?.role === 'user' };
  };
  const noQuestion = () => refuse('the prompt must end with a message of the user');

  // HH-RLHF has dialogues whose last answer says nothing.
  const isSilent = (field: string) => typeof line[field] === 'string' && /\n\nAssistant:\s*$/u.test(line[field]);
  if (['chosen', 'rejected', 'completion'].some(isSilent)) return { leftOut: 'an answer is empty' };

  if (has('chosen') || has('rejected')) {
    const [chosen, rejected] = [judged('chosen'), judged('rejected')];
    if (sameTurns(chosen.turns, rejected.turns) === false)
      return { leftOut: 'chosen and rejected answer different prompts' };
    if (chosen.text === rejected.text) return { leftOut: 'chosen and rejected are the same text' };
    if (chosen.text.trim() === '' || rejected.text.trim() === '') return { leftOut: 'an answer is empty' };
    const { builder, last, isAsked } = begin(chosen.turns);
    if (!last || !isAsked) throw noQuestion();
    // Which side the chosen answer is on follows from the texts, so that the rater does not seem to prefer one side.
    const isLeft = chosen.text < rejected.text;
    const texts = isLeft ? [chosen.text, rejected.text] : [rejected.text, chosen.text];
    const [left, right] = texts.map((text) => builder.answer(last, text)) as [string, string];
    builder.feedback('comparison', builder.comparison(left, right).id, { choice: isLeft ? 'left' : 'right' }, by);
    return builder.build();
  }
  if (has('label')) {
    if (typeof line.label !== 'boolean') throw refuse('"label" must be true or false');
    if (!has('prompt')) throw refuse('"prompt" is missing');
    const { turns, text } = judged('completion');
    if (text.trim() === '') return { leftOut: 'an answer is empty' };
    const { builder, last, isAsked } = begin(turns);
    if (!last || !isAsked) throw noQuestion();
    builder.feedback('thumb', builder.answer(last, text), { up: line.label, reasons: [] }, by);
    return builder.build();
  }
  if (has('messages') || has('completion')) {
    const whole = has('messages') ? turnsAt('messages') : null;
    const { turns, text } = whole ? { turns: whole, text: '' } : judged('completion');
    const all: Turn[] = whole ?? [...turns, { role: 'assistant', content: text }];
    // A completion is learnt, what stands in its prompt is not; of a conversation every answer is.
    const from = !whole && has('prompt') ? turnsAt('prompt').length : 0;
    return demonstrate(all, from, by, attributes, place);
  }
  if (!has('prompt')) {
    const named = others.map(([field]) => JSON.stringify(excerpt(field, 40))).join(', ');
    throw refuse(`the fields ${named || 'of an empty object'} fit no format that is read`);
  }
  const { builder, isAsked } = begin(turnsAt('prompt'));
  if (!isAsked) throw noQuestion();
  return builder.build();
}

/** Which answer is better and whether each is safe are two judgements: a refusal may be safe and no help. */
function draftSafetyPair(line: Line, place: string): Read {
  const { responses, value, rest } = readSafetyPair(line, place);
  const [left, right] = responses;
  if (left === right) return { leftOut: 'chosen and rejected are the same text' };
  if (responses.some((text) => text.trim() === '')) return { leftOut: 'an answer is empty' };
  const { person, ...others } = rest;
  const builder = new DraftBuilder(
    null,
    isEmpty(Object.keys(others)) ? null : ({ fields: others } as Draft['attributes']),
  );
  let at: string | null = null;
  for (const { role, content } of withoutSystem(readTurns(line.prompt, 'prompt', place), place).rest)
    at = builder.message(at, role, content);
  const [a, b] = [builder.answer(at!, left), builder.answer(at!, right)];
  const by = isEmpty(person) ? null : String(person);
  builder.feedback('comparison', builder.comparison(a, b).id, value, by);
  return builder.build();
}

function demonstrate(
  all: Turn[],
  from: number,
  by: string | null,
  attributes: Draft['attributes'],
  place: string,
): Read {
  const { rest, system } = withoutSystem(all, place);
  const start = from - (all.length - rest.length);
  const builder = new DraftBuilder(null, system === null ? attributes : { ...attributes, system });
  let at: string | null = null;
  let count = 0;
  for (const [i, { role, content, weight }] of rest.entries()) {
    const isShown = role === 'assistant' && i >= start && i > 0 && weight !== 0 && content.trim() !== '';
    if (isShown && rest[i - 1]!.role === 'user') {
      builder.feedback('demonstration', at!, { text: content }, by);
      count++;
    }
    // The last answer is the demonstration itself; earlier ones are context of the next question.
    if (i < rest.length - 1 || role === 'user') at = builder.message(at, role, content);
  }
  return count > 0 ? builder.build() : { leftOut: 'no answer to a message' };
}

interface ChatTurn extends Turn {
  role: 'user' | 'assistant';
}

function withoutSystem(turns: readonly Turn[], place: string): { rest: ChatTurn[]; system: string | null } {
  const system = turns[0]?.role === 'system' ? turns[0].content : null;
  const rest = system === null ? turns : turns.slice(1);
  if (rest.some(({ role }) => role === 'system'))
    throw new AttuneError('BAD_INPUT', `${place}: a system message after the first turn is not read.`);
  return { rest: rest as ChatTurn[], system };
}

const sameTurns = (a: readonly Turn[], b: readonly Turn[]) =>
  a.length === b.length && a.every(({ role, content }, i) => role === b[i]!.role && content === b[i]!.content);

/** As in HH-RLHF: whole dialogues as one string each; a text that would read as several turns cannot be written. */
export function writeHh(record: ConversationRecord): Line[] {
  return preferencesOf(record).flatMap((preference) => {
    const before = pathTo(record, preference.parentId);
    const [chosen, rejected] = [preference.chosen.message, preference.rejected.message].map((last) => [
      ...before,
      last,
    ]);
    if (![...chosen!, ...rejected!].every(({ text }) => isOneTurn(text))) return [];
    return [{ chosen: dialogueOf(chosen!), rejected: dialogueOf(rejected!) }];
  });
}

const isOneTurn = (text: string) => text.trim() !== '' && !/\n\n(?:Human|Assistant):/u.test(text);
const dialogueOf = (turns: readonly MessageRecord[]) =>
  turns.map(({ role, text }) => `\n\n${role === 'user' ? 'Human' : 'Assistant'}: ${text.trim()}`).join('');

/** TRL reads one shape a file, so each has its own. */
export const TRL_SHAPES = ['preference', 'unpaired-preference', 'prompt-completion', 'prompt-only'] as const;
export type TrlShape = (typeof TRL_SHAPES)[number];

export function writeTrl(record: ConversationRecord): { shape: TrlShape; line: Line }[] {
  const lines: { shape: TrlShape; line: Line }[] = [];
  const system = record.attributes?.system;
  const promptOf = (messageId: string) => [
    ...(typeof system === 'string' ? [{ role: 'system', content: system }] : []),
    ...pathTo(record, messageId).map(({ role, text }) => ({ role, content: text })),
  ];
  const says = (content: string) => [{ role: 'assistant', content }];
  const write = (shape: TrlShape, parentId: string, said: Line, by: string) =>
    lines.push({ shape, line: { prompt: promptOf(parentId), ...said, person: by } });
  for (const { parentId, chosen, rejected, by } of preferencesOf(record))
    write('preference', parentId, { chosen: says(chosen.text), rejected: says(rejected.text) }, by);
  for (const { answer, value, by } of aboutAnswers(record, 'correction')) {
    if (value.text.trim() === answer.text.trim()) continue;
    write('preference', answer.message.parentId!, { chosen: says(value.text), rejected: says(answer.text) }, by);
  }
  for (const { answer, value, by } of aboutAnswers(record, 'thumb'))
    write('unpaired-preference', answer.message.parentId!, { completion: says(answer.text), label: value.up }, by);
  for (const { about, value, by } of rowsOf(record, 'demonstration'))
    write('prompt-completion', about, { completion: says(value.text) }, by);
  if (lines.length === 0) {
    for (const { id, role } of record.messages) {
      const replies = record.messages.filter(({ parentId }) => parentId === id);
      // A reply that no model gave is context: the prompt goes on after it.
      const isPrompt = role === 'user' && (replies.length === 0 || replies.some(({ generation }) => generation));
      if (isPrompt) lines.push({ shape: 'prompt-only', line: { prompt: promptOf(id) } });
    }
  }
  return lines;
}

function aboutAnswers<Kind extends 'thumb' | 'correction'>(record: ConversationRecord, kind: Kind) {
  const answers = new Map(
    record.messages.flatMap(({ id }) => answersOf(record, id)).map((answer) => [answer.generationId, answer]),
  );
  return rowsOf(record, kind).flatMap(({ about, value, by }) => {
    const answer = answers.get(about);
    return answer ? [{ answer, value, by }] : [];
  });
}
