// Reads answers while they are written: each piece is what came since the last, so slow readers get fewer, longer ones.
import { AttuneError } from '@/core/errors';
import type { ShownToken } from '@/server/constraints/answer-text';
import type { EndEvent, RunningGeneration } from './running-generation';

export interface Piece {
  /** Index of the answer. */
  index: number;
  text: string;
  tokens: ShownToken[];
  /** Set on an answer's last piece. */
  end: EndEvent | null;
}

/** Yields pieces of all answers until each has ended. Throws a failed answer's error, and CANCELLED at the signal. */
export async function* readAnswers(
  answers: readonly RunningGeneration[],
  signal: AbortSignal,
): AsyncGenerator<Piece, void> {
  const open = new Map(answers.map((answer, index) => [index, new Reader(answer, index)]));
  while (open.size > 0) {
    // Waiting begins before looking, so that nothing in between is missed.
    const next = waitForAny(answers, signal);
    try {
      let isNews = false;
      for (const reader of open.values()) {
        if (signal.aborted) throw new AttuneError('CANCELLED', 'The reader has gone.');
        const piece = reader.take();
        if (!piece) continue;
        isNews = true;
        if (piece.end) open.delete(piece.index);
        yield piece;
      }
      if (!isNews) await next.changed;
    } finally {
      next.forget();
    }
  }
}

class Reader {
  private textLength = 0;
  private nextToken = 0;

  constructor(
    private readonly answer: RunningGeneration,
    private readonly index: number,
  ) {}

  /** What is new; null if nothing is. */
  take(): Piece | null {
    const { answer, index } = this;
    const { end } = answer;
    if (answer.failure) throw answer.failure;
    if (end?.status === 'failed') throw new AttuneError('INTERNAL', 'The engine could not finish this answer.');
    if (answer.isOver && !end) {
      throw new AttuneError('UNAVAILABLE', 'The answer continues in another process. Send the request again.', {
        retryAfterSeconds: 1,
      });
    }
    // What has been sent cannot be taken back.
    if (answer.mayRestart && !end) return null;
    const text = answer.text.slice(this.textLength);
    if (text === '' && !end) return null;
    this.textLength += text.length;
    const tokens = answer.shownTokens(this.nextToken);
    this.nextToken = (tokens.at(-1)?.index ?? this.nextToken - 1) + 1;
    return { index, text, tokens, end };
  }
}

function waitForAny(answers: readonly RunningGeneration[], signal: AbortSignal) {
  let wake = () => {};
  const changed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const forgets = answers.map((answer) => answer.onNext(() => wake()));
  signal.addEventListener('abort', wake, { once: true });
  const forget = () => {
    signal.removeEventListener('abort', wake);
    for (const forgetOne of forgets) forgetOne();
  };
  return { changed, forget };
}
