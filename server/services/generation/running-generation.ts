// One generation while its tokens arrive: its visible text, who waits for more, and how to end it.
import type { AttuneError } from '@/core/errors';
import type { TopTokens } from '@/engine/protocol';
import type { AnswerText, ShownToken } from '@/server/constraints/answer-text';
import type { StreamEvent } from '@/server/services/views';

export type EndEvent = Extract<StreamEvent, { type: 'end' }>;

/** What readers get of a sample. */
export interface Shown {
  ids: readonly number[];
  logprobs: readonly number[];
  /** One for each of `ids`, if they were asked for. */
  top: readonly TopTokens[];
  answer: AnswerText;
}

export class RunningGeneration {
  private readonly controller = new AbortController();
  private wakes = new Set<() => void>();
  private reason: 'stop' | 'abandon' | null = null;
  /** Set only after the row has been written. */
  end: EndEvent | null = null;
  /** Settles when this process writes nothing more for it. */
  done: Promise<void> = Promise.resolve();
  /** Nothing more comes; if `end` is not set, another process has the rest. */
  isOver = false;
  /** Why it ended before its tokens were complete. */
  failure: AttuneError | null = null;
  /** Its text may yet be replaced by that of another sample. */
  mayRestart = false;
  /** Tokens of samples that were given up. */
  spent = 0;

  constructor(
    readonly id: string,
    /** The sample that is shown; null until there is one. */
    public shown: Shown | null,
  ) {}

  get text(): string {
    return this.end?.text ?? this.shown?.answer.visible ?? '';
  }

  get ids(): readonly number[] {
    return this.shown?.ids ?? [];
  }

  get logprobs(): readonly number[] {
    return this.shown?.logprobs ?? [];
  }

  get top(): readonly TopTokens[] {
    return this.shown?.top ?? [];
  }

  /** The next tokens, starting at `from`, whose text is shown. */
  shownTokens(from: number): ShownToken[] {
    return this.shown?.answer.shownTokens(from, this.end !== null) ?? [];
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get isAbandoned(): boolean {
    return this.reason === 'abandon';
  }

  /** Its reader wants no more: it ends with the text that it has. */
  stop(): void {
    this.reason ??= 'stop';
    this.controller.abort();
  }

  /** This process drops it and does not record how it ends. */
  abandon(): void {
    this.reason = 'abandon';
    this.controller.abort();
  }

  announce(): void {
    const wakes = this.wakes;
    this.wakes = new Set();
    for (const wake of wakes) wake();
  }

  /** Calls back at the next announcement; the returned function cancels that. */
  onNext(wake: () => void): () => void {
    this.wakes.add(wake);
    return () => this.wakes.delete(wake);
  }
}
