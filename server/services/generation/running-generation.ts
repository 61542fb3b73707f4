// One generation while its tokens arrive: what is visible of it, who waits for more, and how it is told to end.
import type { AttuneError } from '@/core/errors';
import type { TopTokens } from '@/engine/protocol';
import type { AnswerText, ShownToken } from '@/server/constraints/answer-text';
import type { StreamEvent } from '@/server/services/views';

export type EndEvent = Extract<StreamEvent, { type: 'end' }>;

export class RunningGeneration {
  private readonly controller = new AbortController();
  private wakes = new Set<() => void>();
  private reason: 'stop' | 'abandon' | null = null;
  /** Set once the row says so, too. */
  end: EndEvent | null = null;
  /** Settles when nothing more is written for it here. */
  done: Promise<void> = Promise.resolve();
  /** Nothing more comes; without `end`, another process has the rest. */
  isOver = false;
  /** Why it ended without its tokens. */
  failure: AttuneError | null = null;
  readonly id: string;
  readonly promptTokens: number;
  readonly ids: number[];
  readonly logprobs: number[];
  /** One for each of `ids`, where they were asked for. */
  readonly top: TopTokens[] = [];

  constructor(
    row: { id: string; promptIds: number[]; completionIds: number[]; logprobs: number[] },
    private readonly answer: AnswerText,
  ) {
    this.id = row.id;
    this.promptTokens = row.promptIds.length;
    this.ids = [...row.completionIds];
    this.logprobs = [...row.logprobs];
  }

  get text(): string {
    return this.end?.text ?? this.answer.visible;
  }

  /** The next tokens, from the one at `from` on, whose text is shown. */
  shownTokens(from: number): ShownToken[] {
    return this.answer.shownTokens(from, this.end !== null);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get isAbandoned(): boolean {
    return this.reason === 'abandon';
  }

  /** Its reader has enough: it ends with what it has. */
  stop(): void {
    this.reason ??= 'stop';
    this.controller.abort();
  }

  /** This process gives it up and says nothing about how it ends. */
  abandon(): void {
    this.reason = 'abandon';
    this.controller.abort();
  }

  announce(): void {
    const wakes = this.wakes;
    this.wakes = new Set();
    for (const wake of wakes) wake();
  }

  /** Calls back at the next announcement; returns the way to forget that. */
  onNext(wake: () => void): () => void {
    this.wakes.add(wake);
    return () => this.wakes.delete(wake);
  }
}
