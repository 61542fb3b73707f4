// One sample of the model for an answer: its tokens from the engine, and its text with the rules applied.
import { type AttuneError, toAttuneError } from '@/core/errors';
import type { FinishReason } from '@/core/sampling';
import type { GenerateRequest, TopTokens } from '@/engine/protocol';
import { AnswerText } from '@/server/constraints/answer-text';
import { OutputRules } from '@/server/constraints/output-rules';
import type { Product } from '@/server/services/product';
import type { Output } from './output';
import type { GenerationRow } from './row';

/** What the engine is asked for in addition to the row's settings. */
export interface Asked extends Pick<GenerateRequest, 'topLogprobs' | 'isRepeatable'> {
  /** The row keeps the most likely tokens, for a request that may be repeated. */
  keepsTop?: boolean;
}

export class Sample {
  readonly ids: number[];
  readonly logprobs: number[];
  /** One for each of `ids`, if they were asked for. */
  readonly top: TopTokens[] = [];
  readonly rules: OutputRules;
  readonly answer: AnswerText;
  /** Why it ended. */
  reason: FinishReason = 'error';
  failure: AttuneError | null = null;
  private readonly halt = new AbortController();

  /** Continues after the tokens that the row has. The signal ends it with the text so far. */
  constructor(
    private readonly product: Product,
    readonly row: GenerationRow,
    output: Output,
    private readonly signal: AbortSignal,
    private readonly onChange: () => void,
  ) {
    const { log, tools } = product;
    this.ids = [...row.completionIds];
    this.logprobs = [...row.logprobs];
    this.rules = new OutputRules(output.plan, {
      ...{ context: output.context, tools, signal },
      onVerdict: () => this.look(),
      onFailure: (error) => log.warn({ err: error, generationId: row.id }, 'a rule gave no verdict on an answer'),
    });
    this.answer = new AnswerText(product.base.tokenizer, this.rules, row.sampling.stop);
    this.answer.push(row.completionIds);
  }

  /** Until the model, a rule or the signal ends it; never throws. */
  async run({ keepsTop: _, ...asked }: Asked, onTokens: () => Promise<void>): Promise<void> {
    const { product, row, rules } = this;
    try {
      if (!rules.stop) await this.receive(asked, onTokens);
    } catch (error) {
      this.failure = toAttuneError(error);
      product.log.warn({ err: this.failure, generationId: row.id }, 'a generation failed');
    }
  }

  /** Waits until every rule has decided; after the signal, what is undecided is left out. */
  async finish(): Promise<void> {
    const { rules, answer } = this;
    if (!rules.stop) {
      answer.end();
      if (!this.signal.aborted) await rules.settled();
      this.look();
    }
    if (rules.stop) {
      this.reason = 'constraint';
      this.failure = null;
    }
  }

  /** By the model, under the full distribution at temperature 1. */
  get meanLogprob(): number {
    return this.logprobs.reduce((sum, logprob) => sum + logprob, 0) / Math.max(1, this.logprobs.length);
  }

  private async receive(asked: Omit<Asked, 'keepsTop'>, onTokens: () => Promise<void>): Promise<void> {
    const { product, row } = this;
    const events = product.engine.generate(
      {
        requestId: row.id,
        versionId: row.versionId,
        promptIds: row.promptIds,
        sampling: row.sampling,
        ...asked,
        emittedIds: row.completionIds,
        priority: 'interactive',
      },
      AbortSignal.any([this.signal, this.halt.signal]),
    );
    for await (const event of events) {
      if (event.type === 'finished') {
        this.reason = event.reason;
        continue;
      }
      this.ids.push(...event.ids);
      this.logprobs.push(...event.logprobs);
      this.top.push(...(event.top ?? []));
      this.answer.push(event.ids);
      this.look();
      if (this.rules.stop) return;
      await onTokens();
    }
  }

  /** Shows what is decided; a rule that stops the answer also ends the wait for tokens. */
  private look(): void {
    this.answer.refresh();
    if (this.rules.stop) this.halt.abort();
    this.onChange();
  }
}
