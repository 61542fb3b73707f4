// Makes (prompt, response) demonstrations from a dialogue's turns: who asks, who answers, how much history is kept.
import type { ChatMessage } from '@/core/base/base';
import { countWords } from '@/core/text/text';
import type { Turn } from './filter';

/** A message in the field's JSONL; weight 0 marks an answer that is history and is not learnt. */
export interface DemonstrationMessage extends ChatMessage {
  weight?: 0;
}

export interface Demonstration {
  messages: DemonstrationMessage[];
}

export const PAIR_DROP_REASONS = {
  inaudible: 'the answer could not be heard in full',
  too_long: 'prompt or answer too long',
  duplicate: 'repeats an earlier prompt and answer',
} as const;
export type PairDropReason = keyof typeof PAIR_DROP_REASONS;

export interface PairLimits {
  /** Most words of earlier turns kept before a prompt. */
  historyWords: number;
  /** Most words in a prompt, and in an answer. */
  longestWords: number;
}

export const PAIR_LIMITS: PairLimits = { historyWords: 120, longestWords: 250 };

const ASKS =
  /^(?:Q|QUESTION(?:ER)?|INTERVIEWER|INT|HOST|MODERATOR|REPORTER|JOURNALIST|USER|HUMAN|CUSTOMER|CALLER|PATIENT|STUDENT)\b/u;
const ANSWERS = /^(?:A|ANSWER|INTERVIEWEE|RESPONDENT|GUEST|ASSISTANT|AI|BOT|AGENT|EXPERT|DOCTOR|TEACHER)\b/u;

/**
 * The speaker to learn from: the only one whose name says that he answers; failing that, among speakers whose name does
 * not say that they ask, the one with the smallest share of turns that end with a question mark. Ties go to the one
 * with more words, then to the later one.
 */
export function answerer(turns: readonly Turn[]): string {
  const bySpeaker = new Map<string, string[]>();
  for (const { speaker, text } of turns) {
    const own = bySpeaker.get(speaker);
    if (own) own.push(text);
    else bySpeaker.set(speaker, [text]);
  }
  const speakers = [...bySpeaker.keys()];
  const named = speakers.filter((speaker) => ANSWERS.test(speaker));
  if (named.length === 1) return named[0]!;
  const candidates = speakers.filter((speaker) => !ASKS.test(speaker));
  const figures = (candidates.length ? candidates : speakers).map((speaker) => {
    const own = bySpeaker.get(speaker)!;
    const asked = own.filter((text) => /[?？؟]["'”’»」)]*$/u.test(text.slice(-8))).length;
    return { speaker, asked: asked / own.length, words: own.reduce((sum, text) => sum + countWords(text), 0) };
  });
  const isBetter = (a: (typeof figures)[number], b: (typeof figures)[number]) =>
    a.asked < b.asked || (a.asked === b.asked && a.words >= b.words);
  return figures.reduce((best, next) => (isBetter(next, best) ? next : best)).speaker;
}

/** All speakers except the answerer become the user; if there are several, each turn begins with its speaker's name. */
export function asMessages(turns: readonly Turn[]): ChatMessage[] {
  const assistant = answerer(turns);
  const isCrowd = new Set(turns.map(({ speaker }) => speaker)).size > 2;
  const messages: ChatMessage[] = [];
  for (const { speaker, text } of turns) {
    const role = speaker === assistant ? 'assistant' : 'user';
    const content = role === 'user' && isCrowd ? `${titleCase(speaker)}: ${text}` : text;
    const before = messages.at(-1);
    if (before?.role === role) before.content += `\n\n${content}`;
    else messages.push({ role, content });
  }
  if (messages[0]?.role === 'assistant') messages.shift(); // an answer to nothing
  return messages;
}

/** One demonstration for each answer, with as many whole exchanges before its prompt as the limit of words allows. */
export function makePairs(
  turns: readonly Turn[],
  { historyWords, longestWords }: PairLimits,
): { pairs: Demonstration[]; dropped: PairDropReason[] } {
  const messages = asMessages(turns);
  // A turn without words counts as one word: a history of such turns would have no end.
  const words = messages.map(({ content }) => Math.max(1, countWords(content)));
  const pairs: Demonstration[] = [];
  const dropped: PairDropReason[] = [];
  for (let i = 1; i < messages.length; i += 2) {
    const [prompt, completion] = [messages[i - 1]!, messages[i]!];
    if (/\[(?:inaudible|unintelligible|indistinct)/iu.test(completion.content)) dropped.push('inaudible');
    else if (Math.max(words[i - 1]!, words[i]!) > longestWords) dropped.push('too_long');
    else {
      let from = i - 1;
      let left = historyWords;
      for (; from >= 2; from -= 2) {
        left -= words[from - 1]! + words[from - 2]!;
        if (left < 0) break;
      }
      const history = messages
        .slice(from, i - 1)
        .map((message): DemonstrationMessage => (message.role === 'assistant' ? { ...message, weight: 0 } : message));
      pairs.push({ messages: [...history, prompt, completion] });
    }
  }
  return { pairs, dropped };
}

/** The key is the same for texts that differ only in case and whitespace. */
export const pairKey = ({ messages }: Demonstration) =>
  messages
    .slice(-2)
    .map(({ content }) => content.toLowerCase().replace(/\s+/gu, ' ').trim())
    .join('\u0000');

const titleCase = (name: string) =>
  name.toLowerCase().replace(/(^|[^\p{L}\p{M}'’])(\p{L})/gu, (_, a, b) => a + b.toUpperCase());
