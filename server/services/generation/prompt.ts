// Builds the prompt: as much of the conversation as fits before the answer, newest turns first.
import type { Base, ChatMessage } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import { MAX_BYTES_PER_TOKEN } from '@/core/text/text-limits';

/** The largest share of the context that an answer may take. */
export function fitAnswer(maxTokens: number, context: number): number {
  return Math.min(maxTokens, Math.floor(context / 2));
}

/** Length of a message as the model reads it, and the most that fits in the context with the template and an answer. */
export interface MessageSize {
  tokens: number;
  limit: number;
}

/** Throws TOO_LONG, without counting tokens, for a text that cannot fit into the context. */
export function measureMessage(
  base: Pick<Base, 'renderPrompt'>,
  systemPrompt: string | null,
  text: string,
  budget: number,
): MessageSize {
  const system: ChatMessage[] = systemPrompt ? [{ role: 'system', content: systemPrompt }] : [];
  const count = (content: string) => base.renderPrompt([...system, { role: 'user', content }]).length;
  const frame = count('');
  const limit = budget - frame;
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > limit * MAX_BYTES_PER_TOKEN) {
    throw new AttuneError('TOO_LONG', `The message has ${bytes} bytes; the model reads at most ${limit} tokens of it.`);
  }
  return { tokens: text === '' ? 0 : count(text) - frame, limit };
}

export function checkMessageSize({ tokens, limit }: MessageSize): void {
  if (tokens <= limit) return;
  throw new AttuneError(
    'TOO_LONG',
    `The message takes ${tokens} tokens; ${limit} fit with the answer. Shorten it or send it in parts.`,
  );
}

/** `messages` ends with the person's message. The oldest turns are dropped until the rest fits into `budget` tokens. */
export function buildPrompt(
  base: Pick<Base, 'renderPrompt'>,
  systemPrompt: string | null,
  messages: readonly ChatMessage[],
  budget: number,
): number[] {
  const system: ChatMessage[] = systemPrompt ? [{ role: 'system', content: systemPrompt }] : [];
  // A turn begins with the person's message; an answer without its message would make no sense.
  const starts = messages.flatMap((message, index) => (message.role === 'user' ? [index] : []));
  const render = (turn: number) => base.renderPrompt([...system, ...messages.slice(starts[turn])]);
  // The length falls with every dropped turn, so a binary search finds the first turn that fits.
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (render(middle).length <= budget) high = middle;
    else low = middle + 1;
  }
  const ids = render(low);
  if (ids.length <= budget) return ids;
  throw new AttuneError(
    'TOO_LONG',
    `The message takes ${ids.length} tokens with its template; ${budget} fit with the answer. Shorten it or send it in parts.`,
  );
}
