// Reads JSONL data sets (ours, HH-RLHF's and TRL's shapes) into the rows of a snapshot.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Base, ChatMessage } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import { endOfTurn } from './demonstrations';
import { type Completion, RowCollector, SnapshotRow, splitter } from './snapshot';

const Message = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() });
const Messages = z.array(Message).min(1);
const Prompt = z.union([z.string().min(1), Messages]);
const Answer = z.union([z.string(), Messages]);

/** One line, by its fields; whatever else a data set has beside them is left alone. */
const Pair = z.object({ prompt: Prompt.optional(), chosen: Answer, rejected: Answer });
const Labelled = z.object({ prompt: Prompt, completion: Answer, label: z.boolean() });
const Shown = z.object({ prompt: Prompt, completion: Answer });
const Conversation = z.object({ messages: Messages });
const Asked = z.object({ prompt: Prompt });

const SHAPES =
  'a snapshot row (kind …), {chosen, rejected}, {prompt, chosen, rejected}, {prompt, completion, label}, ' +
  '{prompt, completion}, {messages} or {prompt}';

/** A row without its side, which depends on all prompts together. */
type Unsplit = SnapshotRow extends infer Row ? (Row extends unknown ? Omit<Row, 'split'> : never) : never;

export interface DataSet {
  rows: SnapshotRow[];
  /** Rows by `kind/split`, and what was left out. */
  counts: Record<string, number>;
}

/** Throws BAD_INPUT naming file and line where a line is none of the shapes. */
export async function readDataFiles(files: readonly string[], base: Base): Promise<DataSet> {
  const collector = new RowCollector();
  const own: SnapshotRow[] = [];
  const found: Unsplit[] = [];
  const source: Source = { base, end: endOfTurn(base), tally: (reason) => collector.tally(`left_out/${reason}`) };
  for (const file of files) {
    const content = await readFile(file, 'utf8').catch((cause: Error) => {
      throw new AttuneError('NOT_FOUND', `Cannot read ${file}: ${cause.message}.`, { cause });
    });
    for (const [i, line] of content.split('\n').entries()) {
      if (line.trim() === '') continue;
      const place = `${file}:${i + 1}`;
      const value = parseLine(line, place);
      if ('kind' in value) own.push(ownRow(value, place, base));
      else found.push(...convert(value, place, source));
    }
  }
  const prompts = [...new Map(found.map(({ promptIds }) => [promptIds.join(), promptIds])).values()];
  const splitOf = splitter(prompts);
  for (const row of own) collector.keep(row);
  for (const row of found) collector.keep({ ...row, split: splitOf(row.promptIds) } as SnapshotRow);
  const asked = new Set(found.filter(({ kind }) => kind === 'prompt').map(({ promptIds }) => promptIds.join()));
  for (const promptIds of prompts) {
    if (!asked.has(promptIds.join())) collector.keep({ kind: 'prompt', split: splitOf(promptIds), promptIds });
  }
  if (collector.rows.length === 0) throw new AttuneError('BAD_INPUT', `${files.join(', ')}: there is no row to use.`);
  return { rows: collector.rows, counts: collector.counts };
}

interface Source {
  base: Base;
  /** Ends an answer. */
  end: number;
  tally(reason: string): void;
}

function parseLine(line: string, place: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new AttuneError('BAD_INPUT', `${place}: not JSON (${(cause as Error).message}). Give one object a line.`);
  }
  throw new AttuneError('BAD_INPUT', `${place}: ${line.slice(0, 40)} is no object. Give ${SHAPES}.`);
}

function ownRow(value: Record<string, unknown>, place: string, base: Base): SnapshotRow {
  const row = parseShape(SnapshotRow, value, place);
  const { vocabSize } = base.weights.config;
  const bad = row.promptIds.find((id) => id >= vocabSize);
  if (bad === undefined) return row;
  throw new AttuneError(
    'BAD_INPUT',
    `${place}: token ${bad} is outside ${base.id}'s vocabulary of ${vocabSize}. Was the snapshot made with another base?`,
  );
}

function parseShape<T>(shape: z.ZodType<T>, value: unknown, place: string): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AttuneError('BAD_INPUT', `${place}: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}`);
}

function convert(value: Record<string, unknown>, place: string, source: Source): Unsplit[] {
  if ('chosen' in value || 'rejected' in value) return convertPair(parseShape(Pair, value, place), place, source);
  if ('messages' in value) return convertConversation(parseShape(Conversation, value, place).messages, source);
  if ('label' in value) {
    const { prompt, completion, label } = parseShape(Labelled, value, place);
    const answer = completionOf(textOf(completion, place), place, source);
    const promptIds = render(turnsOf(prompt, place), place, source);
    return answer ? [{ kind: 'thumb', promptIds, answer, up: label, raterId: RATER }] : [];
  }
  if ('completion' in value) {
    const { prompt, completion } = parseShape(Shown, value, place);
    return convertConversation(
      [...turnsOf(prompt, place), { role: 'assistant', content: textOf(completion, place) }],
      source,
    );
  }
  if ('prompt' in value) {
    const { prompt } = parseShape(Asked, value, place);
    return [{ kind: 'prompt', promptIds: render(turnsOf(prompt, place), place, source) }];
  }
  throw new AttuneError('BAD_INPUT', `${place}: the fields ${Object.keys(value).join(', ')} fit none of ${SHAPES}.`);
}

function convertPair({ prompt, chosen, rejected }: z.infer<typeof Pair>, place: string, source: Source): Unsplit[] {
  const sides = [chosen, rejected].map((side) => {
    if (prompt !== undefined) return { turns: turnsOf(prompt, place), text: textOf(side, place) };
    const turns = turnsOf(side, place);
    const last = turns.pop();
    if (last?.role === 'assistant' && turns.length > 0) return { turns, text: last.content };
    throw new AttuneError('BAD_INPUT', `${place}: a side of the pair does not end with the assistant's answer.`);
  });
  const [promptIds, other] = sides.map(({ turns }) => render(turns, place, source)) as [number[], number[]];
  const [left, right] = sides.map(({ text }) => completionOf(text, place, source));
  if (!left || !right) return [];
  const isSame = left.ids.join() === right.ids.join();
  if (isSame || promptIds.join() !== other.join()) {
    source.tally(isSame ? 'same_answer' : 'other_prompt');
    return [];
  }
  return [{ kind: 'comparison', promptIds, left, right, choice: 'left', raterId: RATER }];
}

/** Every turn of the assistant is an answer to what stands before it. */
function convertConversation(messages: ChatMessage[], source: Source): Unsplit[] {
  return messages.flatMap(({ role, content }, i): Unsplit[] => {
    if (role !== 'assistant' || i === 0) return [];
    const answerIds = answerIdsOf(content, source);
    const promptIds = source.base.renderPrompt(messages.slice(0, i));
    return answerIds.length > 1 ? [{ kind: 'demonstration', promptIds, answerIds, raterId: RATER, trust: 1 }] : [];
  });
}

/** Data sets name no raters: all of one counts as one. */
const RATER = 'file';

const HH_TURN = /(?:^|\n\n)(Human|Assistant):[ \t]*/;

/** A string with the turns of HH-RLHF is a dialogue; any other is what a user says. */
function turnsOf(prompt: string | ChatMessage[], place: string): ChatMessage[] {
  if (typeof prompt !== 'string') return [...prompt];
  const [before, ...parts] = prompt.trim().split(HH_TURN);
  if (parts.length === 0) return [{ role: 'user', content: prompt }];
  if (before?.trim()) throw new AttuneError('BAD_INPUT', `${place}: text stands before the first "Human:".`);
  const turns: ChatMessage[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const content = parts[i + 1]!.trim();
    // A prompt may end with "Assistant:", where the answer begins.
    if (content || i + 2 < parts.length) turns.push({ role: parts[i] === 'Human' ? 'user' : 'assistant', content });
  }
  return turns;
}

function textOf(answer: string | ChatMessage[], place: string): string {
  if (typeof answer === 'string') return answer.trim();
  if (answer.length === 1 && answer[0]!.role === 'assistant') return answer[0]!.content;
  throw new AttuneError('BAD_INPUT', `${place}: beside a prompt, an answer is one message of the assistant.`);
}

function render(turns: ChatMessage[], place: string, { base }: Source): number[] {
  if (turns.at(-1)?.role !== 'assistant') return base.renderPrompt(turns);
  throw new AttuneError('BAD_INPUT', `${place}: the prompt ends with the assistant's turn; it must ask something.`);
}

function answerIdsOf(text: string, { base, end, tally }: Source): number[] {
  if (text.trim() === '') tally('empty');
  return [...base.tokenizer.encode(text), end];
}

function completionOf(text: string, place: string, source: Source): Completion | null {
  const ids = answerIdsOf(text, source);
  return ids.length > 1 ? { generationId: place, versionId: RATER, ids, propensity: 1, isTruncated: false } : null;
}
