// Turns one line of a published data set (HH-RLHF's, TRL's and PKU-SafeRLHF's shapes) into rows of token ids.
import { AttuneError } from '@/core/errors';
import { isSafetyPair, readSafetyPair, SAFETY_FIELDS } from '@/core/exchange/safety-pairs';
import { isDialogue, isEmpty, readTurns, type Turn } from '@/core/exchange/turns';
import { excerpt, normaliseText } from '@/core/text/text';
import { describeUnknownKeys, nearestName } from '@/core/text/unknown-keys';
import { dialogueKeys } from './conversations';
import type { UnsplitRow } from './snapshot';
import type { TokenSource } from './token-source';

export const SHAPES =
  'a snapshot row (kind …), {chosen, rejected}, {prompt, chosen, rejected}, {prompt, completion, label}, ' +
  '{prompt, completion}, {messages}, {prompt, response_0, response_1, is_response_0_safe, …} or {prompt}';

const SHAPE_FIELDS = ['prompt', 'chosen', 'rejected', 'completion', 'label', 'messages', 'margin'];
/** All fields that are read: also which prompts must stay on one side, and whose vote a line is. */
const READ = [...SHAPE_FIELDS, ...SAFETY_FIELDS, 'conversation', 'person'];
/** Fields that change what a line means in the formats that have them: reading the line without them would be wrong. */
const UNREAD = [
  ...['tools', 'functions', 'function_call', 'tool_calls', 'images', 'image', 'videos', 'video', 'audios', 'audio'],
  ...['score', 'scores', 'rank', 'ranks', 'weight', 'weights', 'system', 'history', 'completions', 'labels'],
  ...['chat_template_kwargs', 'documents', 'prefix', 'suffix', 'input', 'output'],
];

export interface Found {
  row: UnsplitRow;
  /** The dialogue up to each of its questions, for the split. */
  dialogue: string[];
  conversation: string | undefined;
  person: string | undefined;
}

type Line = Record<string, unknown>;
interface Place extends TokenSource {
  /** File and line, for messages. */
  place: string;
  raterId: string;
}

/** Data sets rarely name their raters, so all lines without one count as the same rater's. */
const RATER = 'file';

/** Throws BAD_INPUT naming the place and the field if the line has none of the known shapes. */
export function readLine(line: Line, place: string, source: TokenSource): Found[] {
  const unread = UNREAD.find((field) => Object.hasOwn(line, field) && !isEmpty(line[field]));
  if (unread)
    throw refused(
      place,
      `"${unread}" is not read and would change what the line means: take out the field or the line`,
    );
  const others = Object.keys(line).filter((field) => !READ.includes(field));
  for (const field of others) {
    const meant = nearestName(field, SHAPE_FIELDS);
    const isSlip = meant && !Object.hasOwn(line, meant) && Math.abs(meant.length - field.length) < 2;
    if (isSlip) throw refused(place, describeUnknownKeys([field], SHAPE_FIELDS));
  }
  const [conversation, person] = ['conversation', 'person'].map((field) => nameIn(line, field, place));
  const read = readerOf(line, others, place);
  const rows = read(line, { ...source, place, raterId: person ?? RATER });
  if (rows.length > 0) for (const field of others) source.tally(`not_read/${excerpt(field, 40)}`);
  return rows.map(({ turns, row }) => ({ row, dialogue: dialogueKeys(turns), conversation, person }));
}

interface Read {
  /** The turns before the completion. */
  turns: Turn[];
  row: UnsplitRow;
}
type Reader = (line: Line, place: Place) => Read[];

function readerOf(line: Line, others: readonly string[], place: string): Reader {
  const has = (field: string) => Object.hasOwn(line, field);
  if (isSafetyPair(line)) return readSafety;
  if (has('chosen') || has('rejected')) return readPair;
  if (has('margin')) throw refused(place, '"margin" belongs to a pair of chosen and rejected');
  if (has('messages')) return readConversation;
  if (has('label') || has('completion')) return has('label') ? readLabelled : readCompletion;
  const named = others.map((field) => JSON.stringify(excerpt(field, 40))).join(', ');
  if (!has('prompt')) throw refused(place, `the fields ${named} fit none of ${SHAPES}`);
  if (others.length > 0) {
    throw refused(place, `next to a bare prompt, ${named} would be lost. Take it out, or name it as one of ${SHAPES}`);
  }
  return readPrompt;
}

function readPair(line: Line, place: Place): Read[] {
  for (const field of ['chosen', 'rejected']) requireField(line, field, place);
  const prompt = Object.hasOwn(line, 'prompt') ? readTurns(line.prompt, 'prompt', place.place) : null;
  const margin = line.margin ?? 0;
  if (typeof margin !== 'number') throw refused(place.place, '"margin" must be a number, in logits');
  const [chosen, rejected] = ['chosen', 'rejected'].map((field) => readJudged(line, field, prompt, place));
  const promptIds = place.promptIds(chosen!.turns, place.place);
  if (!promptIds) return [];
  const keyOf = ({ turns }: { turns: Turn[] }) => dialogueKeys(turns).at(-1);
  const isOnePrompt = chosen!.turns === rejected!.turns || keyOf(chosen!) === keyOf(rejected!);
  if (!isOnePrompt) return leaveOut(place, 'other_prompt');
  const left = place.completion(chosen!.text, place.place);
  const right = place.completion(rejected!.text, place.place);
  if (!left || !right) return [];
  if (left.ids.join() === right.ids.join()) return leaveOut(place, 'same_answer');
  const sides = { left, right, choice: 'left', ...(margin !== 0 && { margin }) } as const;
  return [{ turns: chosen!.turns, row: { kind: 'comparison', promptIds, ...sides, raterId: place.raterId } }];
}

function readSafety(line: Line, place: Place): Read[] {
  const { responses, value } = readSafetyPair(line, place.place);
  const turns = readTurns(line.prompt, 'prompt', place.place);
  const promptIds = place.promptIds(turns, place.place);
  if (!promptIds) return [];
  const [left, right] = responses.map((text) => place.completion(text.trim(), place.place));
  if (!left || !right) return [];
  if (left.ids.join() === right.ids.join()) return leaveOut(place, 'same_answer');
  return [{ turns, row: { kind: 'comparison', promptIds, left, right, ...value, raterId: place.raterId } }];
}

function readLabelled(line: Line, place: Place): Read[] {
  for (const field of ['prompt', 'completion']) requireField(line, field, place);
  if (typeof line.label !== 'boolean') throw refused(place.place, '"label" must be true or false');
  const { turns, text } = readJudged(line, 'completion', readTurns(line.prompt, 'prompt', place.place), place);
  const promptIds = place.promptIds(turns, place.place);
  const completion = place.completion(text, place.place);
  if (!promptIds || !completion) return [];
  return [{ turns, row: { kind: 'thumb', promptIds, answer: completion, up: line.label, raterId: place.raterId } }];
}

function readConversation(line: Line, place: Place): Read[] {
  return readCompletions(readTurns(line.messages, 'messages', place.place), 0, place);
}

/** Only the answers in the completion are learnt; those in the prompt are context. */
function readCompletion(line: Line, place: Place): Read[] {
  requireField(line, 'prompt', place);
  const prompt = readTurns(line.prompt, 'prompt', place.place);
  const { completion } = line;
  if (typeof completion === 'string' && !isDialogue(completion)) {
    return readCompletions([...prompt, { role: 'assistant', content: completion.trim() }], prompt.length, place);
  }
  const turns = readTurns(completion, 'completion', place.place);
  const isWhole = turns[0]!.role !== 'assistant';
  if (isWhole) checkBeginning(turns, prompt, 'completion', place);
  return readCompletions(isWhole ? turns : [...prompt, ...turns], prompt.length, place);
}

function readPrompt(line: Line, place: Place): Read[] {
  const turns = readTurns(line.prompt, 'prompt', place.place);
  const promptIds = place.promptIds(turns, place.place);
  return promptIds ? [{ turns, row: { kind: 'prompt', promptIds } }] : [];
}

/** Every answer from `start` on, with the turns before it as its prompt; one with weight 0 is only context. */
function readCompletions(turns: readonly Turn[], start: number, place: Place): Read[] {
  const found: Read[] = [];
  let completions = 0;
  for (const [i, { role, content, weight }] of turns.entries()) {
    if (role !== 'assistant' || i < start || weight === 0) continue;
    completions++;
    if (i === 0) {
      place.tally('left_out/no_prompt');
      continue;
    }
    const before = turns.slice(0, i);
    const promptIds = place.promptIds(before, place.place);
    const isTooLong = promptIds === null; // and so is every later answer
    const completionIds = isTooLong ? null : place.completionIds(content);
    if (completionIds) {
      const row = {
        kind: 'demonstration',
        promptIds: promptIds!,
        answerIds: completionIds,
        raterId: place.raterId,
        trust: 1,
      } as const;
      found.push({ turns: before, row });
    }
    if (isTooLong) break;
  }
  if (completions === 0) place.tally('left_out/no_answer');
  return found;
}

/** An answer, given with its prompt or as the end of a whole dialogue. */
function readJudged(line: Line, field: string, prompt: Turn[] | null, place: Place): { turns: Turn[]; text: string } {
  const value = line[field];
  if (typeof value === 'string' && prompt && !isDialogue(value)) return { turns: prompt, text: value.trim() };
  const turns = readTurns(value, field, place.place);
  const isWhole = prompt === null || turns[0]!.role !== 'assistant';
  if (isWhole && prompt) checkBeginning(turns, prompt, field, place);
  const dialogue = isWhole ? turns : [...prompt, ...turns];
  const last = dialogue.at(-1)!;
  if (last.role !== 'assistant' || last.weight === 0 || dialogue.length === 1) {
    throw refused(
      place.place,
      `"${field}" does not end with the assistant's answer to a message. Give a prompt, or the whole dialogue`,
    );
  }
  return { turns: dialogue.slice(0, -1), text: last.content };
}

/** A whole dialogue may have a system message that its prompt leaves out. */
function checkBeginning(dialogue: readonly Turn[], prompt: readonly Turn[], field: string, { place }: Place): void {
  const plain = (turns: readonly Turn[]) => turns.map(({ role, content }) => `${role} ${normaliseText(content)}`);
  const whole = plain(dialogue);
  const asked = plain(prompt);
  const from = dialogue[0]!.role === 'system' && prompt[0]!.role !== 'system' ? 1 : 0;
  if (asked.every((turn, i) => whole[from + i] === turn)) return;
  throw refused(place, `"${field}" is a dialogue that does not begin with the prompt`);
}

function requireField(line: Line, field: string, { place }: Place): void {
  if (!Object.hasOwn(line, field)) throw refused(place, `"${field}" is missing`);
}

function leaveOut({ tally }: Place, reason: string): [] {
  tally(`left_out/${reason}`);
  return [];
}

function nameIn(line: Line, field: string, place: string): string | undefined {
  const value = line[field];
  if (isEmpty(value)) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw refused(place, `"${field}" must be a name or a number`);
}

const refused = (place: string, reason: string) =>
  new AttuneError('BAD_INPUT', `${place}: ${reason.replace(/[.?]$/u, '')}.`);
