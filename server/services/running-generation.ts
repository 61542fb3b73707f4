// One generation while its tokens arrive: what is visible of it, who waits for more, and how it is told to end.
import type { AnswerText } from '../constraints/answer-text';
import type { StreamEvent } from './views';

export type EndEvent = Extract<StreamEvent, { type: 'end' }>;

export class RunningGeneration {
  private readonly controller = new AbortController();
  private wakes = new Set<() => void>();
  private reason: 'stop' | 'abandon' | null = null;
  /** Set once the row says so, too. */
  end: EndEvent | null = null;
  /** Settles when nothing more is written for it here. */
  done: Promise<void> = Promise.resolve();

  constructor(
    readonly id: string,
    private readonly answer: AnswerText,
  ) {}

  get text(): string {
    return this.end?.text ?? this.answer.visible;
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
