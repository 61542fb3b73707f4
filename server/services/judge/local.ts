// The frozen base as a judge: the log-probabilities of its verdicts, by the engine that serves people.
import { randomUUID } from 'node:crypto';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import type { ChatMessage } from '@/core/base/base';
import { endOfTurn } from '@/core/base/end-of-turn';
import { AttuneError, toAttuneError } from '@/core/errors';
import { HIGHEST_RATING, LOWEST_RATING } from '@/core/feedback/kinds';
import { expectedRating } from '@/core/judging/verdict';
import type { Product } from '@/server/services/product';
import { type JudgeReader, JudgeTrouble } from './reader';

/** Not a version that was trained: it has not learnt from the labels on which it is measured, or from its own. */
const MODEL = BASE_VERSION_ID;
/** A verdict with its end takes a few tokens. */
const VERDICT_TOKENS = 8;

type Parts = Pick<Product, 'base' | 'engine' | 'maxContext'>;

export function createLocalReader({ base, engine, maxContext }: Parts): JudgeReader {
  const end = endOfTurn(base);

  function render(messages: ChatMessage[], room: number): number[] {
    const ids = base.renderPrompt(messages);
    if (ids.length + room <= maxContext) return ids;
    throw new AttuneError('TOO_LONG', `The text takes ${ids.length} tokens; ${maxContext - room} fit.`);
  }

  /** Of the whole verdict, as the model would end it. */
  async function logprobOf(promptIds: number[], verdict: string, signal: AbortSignal): Promise<number> {
    const completionIds = [...base.tokenizer.encode(verdict), end];
    const logprobs = await asking(signal, () => engine.score({ versionId: MODEL, promptIds, completionIds }, signal));
    return logprobs.reduce((sum, logprob) => sum + logprob, 0);
  }

  return {
    async compare(messages, signal) {
      const promptIds = render(messages, VERDICT_TOKENS);
      const logOdds = (await logprobOf(promptIds, 'A', signal)) - (await logprobOf(promptIds, 'B', signal));
      return { logOdds, choice: logOdds > 0 ? 'first' : logOdds < 0 ? 'second' : 'same', words: '' };
    },
    async rate(messages, signal) {
      const promptIds = render(messages, VERDICT_TOKENS);
      const logprobs: number[] = [];
      for (let rating = LOWEST_RATING; rating <= HIGHEST_RATING; rating++)
        logprobs.push(await logprobOf(promptIds, String(rating), signal));
      return { expected: expectedRating(logprobs), words: '' };
    },
    async write(messages, maxTokens, signal) {
      const promptIds = render(messages, maxTokens);
      const sampling = { temperature: 0, maxTokens, seed: 0 };
      const request = { requestId: randomUUID(), versionId: MODEL, promptIds, sampling, priority: 'batch' as const };
      const ids = await asking(signal, async () => {
        const written: number[] = [];
        for await (const event of engine.generate(request, signal))
          if (event.type === 'tokens') written.push(...event.ids);
        return written;
      });
      return base.tokenizer.decode(ids.filter((id) => !base.tokenizer.isSpecial(id))).trim();
    },
    takePrice: () => 0,
  };
}

async function asking<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    const error = toAttuneError(thrown);
    if (signal.aborted || error.code === 'TOO_LONG') throw error;
    throw new JudgeTrouble('engine', { cause: error });
  }
}
