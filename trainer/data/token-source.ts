// Turns the dialogues of files into token ids of a base, and leaves out what the base cannot hold.
import type { Base } from '@/core/base/base';
import { endOfTurn } from '@/core/base/end-of-turn';
import { AttuneError } from '@/core/errors';
import type { Turn } from '@/core/exchange/turns';
import type { Completion } from '@/core/snapshot/snapshot';

/** Characters of the longest tokens: a text with more than this per position is too long and need not be tokenised. */
const CHARACTERS_PER_TOKEN = 32;

export interface TokenSource {
  /** Counts what was left out, `left_out/…`, and fields that were not read, `not_read/…`. */
  tally(name: string): void;
  /** Null if they are too long for the base. */
  promptIds(turns: readonly Turn[], place: string): number[] | null;
  /** The token ids of the text and of the end of the turn; null if the text is empty or too long. */
  completionIds(text: string): number[] | null;
  completion(text: string, place: string): Completion | null;
}

export function tokenSource(base: Base, tally: TokenSource['tally']): TokenSource {
  const end = endOfTurn(base);
  const { maxPositions } = base.weights.config;
  const leaveOut = (reason: string) => {
    tally(`left_out/${reason}`);
    return null;
  };
  const completionIds = (text: string) => {
    if (text.trim() === '') return leaveOut('empty');
    if (text.length > maxPositions * CHARACTERS_PER_TOKEN) return leaveOut('too_long');
    const ids = [...base.tokenizer.encode(text), end];
    return ids.length > maxPositions ? leaveOut('too_long') : ids;
  };
  return {
    tally,
    completionIds,
    promptIds(turns, place) {
      if (turns.at(-1)!.role === 'assistant') {
        throw new AttuneError(
          'BAD_INPUT',
          `${place}: the prompt ends with the assistant's turn; it must ask something.`,
        );
      }
      const characters = turns.reduce((sum, { content }) => sum + content.length, 0);
      if (characters > maxPositions * CHARACTERS_PER_TOKEN) return leaveOut('too_long');
      const ids = base.renderPrompt(turns);
      return ids.length > maxPositions ? leaveOut('too_long') : ids;
    },
    completion(text, place) {
      const ids = completionIds(text);
      return ids && { generationId: place, versionId: 'file', ids, propensity: 1, isTruncated: false };
    },
  };
}
