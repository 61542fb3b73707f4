// Reads a file of prompts for raters: plain text with a prompt a line, or JSONL with messages, answers and a truth.
import { z } from 'zod';
import { AttuneError } from '@/core/errors';
import { FEEDBACK_VALUES } from '@/core/feedback/kinds';
import { inputSentence } from '@/core/text/input-sentence';
import { checkCharacters } from '@/server/services/text';

const MOST_PROMPTS = 1000;
const MOST_ANSWERS = 8;
/** Faults that a refusal lists; one who has as many corrects the file by its pattern. */
const MOST_FAULTS = 20;

const Text = z
  .string()
  .max(32_000)
  .refine((text) => text.trim() !== '', { error: 'must not be blank' });
const Messages = z
  .array(z.strictObject({ role: z.enum(['user', 'assistant']), content: Text }))
  .min(1)
  .max(100)
  .refine((messages) => messages.at(-1)?.role === 'user', { error: 'must end with a message of the user' });

const Order = z.strictObject({ order: z.array(z.array(z.int().min(0)).min(1)).min(1) });
/** Its fields say which kind of task checks it. */
const Truth = z.union([FEEDBACK_VALUES.comparison, FEEDBACK_VALUES.rating, Order]);

const Line = z
  .strictObject({
    prompt: Text.optional(),
    messages: Messages.optional(),
    answers: z.array(Text).max(MOST_ANSWERS).default([]),
    truth: Truth.optional(),
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), {
    error: 'needs either prompt or messages',
  });

export type Check =
  | { kind: 'compare'; value: z.infer<typeof FEEDBACK_VALUES.comparison> }
  | { kind: 'rate'; value: z.infer<typeof FEEDBACK_VALUES.rating> }
  /** Places among the answers, from 0. */
  | { kind: 'rank'; value: z.infer<typeof Order> };

export interface UploadedPrompt {
  /** Counted from 1. */
  line: number;
  messages: { role: 'user' | 'assistant'; content: string }[];
  answers: string[];
  check: Check | null;
}

/** Throws BAD_INPUT that lists the lines that cannot be read. Blank lines are passed over. */
export function parsePrompts(format: 'jsonl' | 'text', content: string): UploadedPrompt[] {
  const lines = content
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((text, index) => (text.trim() === '' ? [] : [{ text, line: index + 1 }]));
  if (lines.length === 0) throw new AttuneError('BAD_INPUT', 'The file has no prompts; give one a line.');
  if (lines.length > MOST_PROMPTS)
    throw new AttuneError('TOO_LONG', `The file has ${lines.length} prompts; upload at most ${MOST_PROMPTS} at once.`);
  return readEachLine(lines, ({ text, line }) =>
    format === 'jsonl' ? parseLine(text, line) : plainPrompt(text, line),
  );
}

/** What `read` makes of each line; throws BAD_INPUT that lists the lines that it refuses, by number. */
export function readEachLine<Line extends { line: number }, Read>(
  lines: readonly Line[],
  read: (line: Line) => Read,
): Read[] {
  const faults: string[] = [];
  const all = lines.flatMap((line) => {
    try {
      return [read(line)];
    } catch (error) {
      if (!(error instanceof AttuneError)) throw error;
      faults.push(`Line ${line.line}: ${error.message}`);
      return [];
    }
  });
  if (faults.length === 0) return all;
  const more = faults.length > MOST_FAULTS ? [`${faults.length - MOST_FAULTS} more lines are wrong.`] : [];
  throw new AttuneError('BAD_INPUT', [...faults.slice(0, MOST_FAULTS), ...more, 'Nothing was uploaded.'].join('\n'));
}

function plainPrompt(text: string, line: number): UploadedPrompt {
  checkCharacters(text, 'prompt');
  return { line, messages: [{ role: 'user', content: text.trim() }], answers: [], check: null };
}

function parseLine(text: string, line: number): UploadedPrompt {
  const refuse = (reason: string): never => {
    throw new AttuneError('BAD_INPUT', reason);
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('this is not JSON.');
  }
  const parsed = Line.safeParse(json);
  if (!parsed.success) return refuse(inputSentence(parsed.error).sentence);
  const { prompt, messages, answers, truth } = parsed.data;
  const turns = messages ?? [{ role: 'user' as const, content: prompt! }];
  for (const words of [...turns.map(({ content }) => content), ...answers]) checkCharacters(words, 'text');
  const check = truth ? checkOf(truth) : null;
  const fault = check && faultOf(check, answers.length);
  return fault ? refuse(fault) : { line, messages: turns, answers, check };
}

function checkOf(truth: z.infer<typeof Truth>): Check {
  if ('choice' in truth) return { kind: 'compare', value: truth };
  return 'rating' in truth ? { kind: 'rate', value: truth } : { kind: 'rank', value: truth };
}

function faultOf(check: Check, answers: number): string | null {
  if (check.kind === 'compare') return answers === 2 ? null : `a choice needs 2 answers, and there are ${answers}.`;
  if (check.kind === 'rate') return answers === 1 ? null : `a rating needs 1 answer, and there are ${answers}.`;
  const named = check.value.order.flat();
  const isComplete = answers >= 2 && named.length === answers && new Set(named).size === answers;
  return isComplete && named.every((place) => place < answers)
    ? null
    : `order must name each of at least 2 answers once, from 0.`;
}
