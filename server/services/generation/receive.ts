// Writes an answer: samples until one breaks no rule that asks for another, or the best of several, and its row.
import { and, count, eq, sql } from 'drizzle-orm';
import { CHANNELS } from '@/core/contract';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { generation, generationAttempt, message } from '@/db/schema';
import { readSettings } from '@/db/settings';
import { charge, hasTokensLeft } from '@/server/services/limits';
import type { Product } from '@/server/services/product';
import { writeHits } from '@/server/services/rule/hit';
import { noticesOf } from '@/server/services/rule/notice';
import { countUsage } from '@/server/services/usage';
import { type Output, readOutput } from './output';
import type { GenerationRow } from './row';
import type { EndEvent, RunningGeneration } from './running-generation';
import { type Asked, Sample } from './sample';

/** How often the tokens are written to the row. */
const PERSIST_MS = 1000;
/** Samples of an answer that a rule wants written again. */
export const MOST_ATTEMPTS = 3;
/** Samples of which a rule shows the best. */
export const SAMPLES = 4;

/** Returns once the answer has ended, or has been abandoned or removed. */
export async function receive(
  product: Product,
  row: GenerationRow,
  running: RunningGeneration,
  asked: Asked,
): Promise<void> {
  const output = await readOutput(product, row).catch((error: unknown) => {
    // Another try would not help.
    if (!(error instanceof AttuneError) || error.code !== 'CORRUPT') throw error;
    return error;
  });
  if (!output) return;
  if (output instanceof AttuneError) return fail(product, row, running, output);
  const writer = new Writer(product, row, running, output, asked);
  // At temperature 0 all samples are the same.
  const mayDiffer = row.sampling.temperature > 0 && row.completionIds.length === 0;
  if (mayDiffer && output.plan.some(({ action }) => action === 'best-of-n')) return writer.writeBest();
  return writer.writeFirst();
}

/** Ends an answer whose rules cannot be read with the text that it has. */
async function fail(
  { db, log }: Product,
  row: GenerationRow,
  running: RunningGeneration,
  failure: AttuneError,
): Promise<void> {
  log.error({ err: failure, generationId: row.id }, 'the rules of an answer cannot be read');
  const ended = { status: 'failed', finishReason: 'error' } as const;
  const text = await db.transaction(async (tx) => {
    const [kept] = await tx
      .update(generation)
      .set({ ...ended, error: failure.message, finishedAt: new Date() })
      .where(and(eq(generation.id, row.id), eq(generation.status, 'running')))
      .returning({ id: generation.id });
    const [shown] = await tx.select({ content: message.content }).from(message).where(eq(message.id, row.messageId));
    await tx.execute(sql`select pg_notify(${CHANNELS.generation}, ${row.id})`);
    return kept && shown ? shown.content : null;
  });
  if (text === null) return;
  running.failure = failure;
  running.end = { type: 'end', ...ended, text, notices: [] };
  running.announce();
}

class Writer {
  private firstTokenMs: number | null;
  private persistedAt = Date.now();

  constructor(
    private readonly product: Product,
    private readonly row: GenerationRow,
    private readonly running: RunningGeneration,
    private readonly output: Output,
    private readonly asked: Asked,
  ) {
    this.firstTokenMs = row.firstTokenMs;
  }

  /** The first sample that no rule wants written again; the last one that may be tried ends where the rule stops it. */
  async writeFirst(): Promise<void> {
    const { product, row, running } = this;
    const mayRetry = this.output.plan.some(({ action }) => action === 'regenerate') && row.sampling.temperature > 0;
    const [before] = await product.db
      .select({ attempts: count() })
      .from(generationAttempt)
      .where(eq(generationAttempt.generationId, row.id));
    let next = row;
    for (let attempt = before!.attempts + 1; ; attempt++) {
      running.mayRestart = mayRetry && attempt < MOST_ATTEMPTS;
      const sample = this.sampleOf(next);
      running.shown = sample;
      running.announce();
      await sample.run(this.asked, () => this.persist(sample));
      if (running.isAbandoned) return void (await this.write(this.progressOf(sample), sample.answer.visible));
      await sample.finish();
      const isRetried = sample.rules.stop?.action === 'regenerate' && running.mayRestart && !running.signal.aborted;
      if (!isRetried || !(await this.hasTokensLeft())) return this.end(sample, []);
      const again = await this.giveUp(sample, attempt);
      if (!again) return;
      next = again;
    }
  }

  /** The sample with the lowest cost of those that no rule stops, and of these the one that the model finds likeliest. */
  async writeBest(): Promise<void> {
    const { running } = this;
    running.mayRestart = true;
    const rows = Array.from({ length: SAMPLES }).reduce<GenerationRow[]>(
      (drawn) => [...drawn, drawn.length === 0 ? this.row : reseeded(drawn.at(-1)!)],
      [],
    );
    const samples = rows.map((row) => this.sampleOf(row));
    await Promise.all(samples.map((sample) => sample.run(this.asked, async () => this.noteFirstToken())));
    if (running.isAbandoned) return;
    await Promise.all(samples.map((sample) => sample.finish()));
    // A full engine gives fewer samples.
    const whole = samples.filter(({ failure }) => !failure);
    const [best, ...others] = (whole.length > 0 ? whole : samples).sort(
      (a, b) =>
        Number(a.rules.stop !== null) - Number(b.rules.stop !== null) ||
        a.rules.cost() - b.rules.cost() ||
        b.meanLogprob - a.meanLogprob,
    );
    running.shown = best!;
    await this.end(best!, others);
  }

  private sampleOf(row: GenerationRow): Sample {
    const { product, output, running } = this;
    return new Sample(product, row, output, running.signal, () => running.announce());
  }

  private noteFirstToken(): void {
    this.firstTokenMs ??= Date.now() - this.row.createdAt.getTime();
  }

  private progressOf({ ids, logprobs }: Sample) {
    return { completionIds: ids, logprobs, firstTokenMs: this.firstTokenMs };
  }

  private async persist(sample: Sample): Promise<void> {
    this.noteFirstToken();
    if (Date.now() - this.persistedAt < PERSIST_MS) return;
    // A brief loss of the database must not end the answer, because the last write decides.
    const isKept = await this.write(this.progressOf(sample), sample.answer.visible).catch((error: unknown) => {
      this.product.log.warn({ err: error, generationId: this.row.id }, 'progress could not be written');
      return true;
    });
    if (!isKept) this.running.abandon();
    this.persistedAt = Date.now();
  }

  private async hasTokensLeft(): Promise<boolean> {
    const { limits } = await readSettings(this.product.db);
    return hasTokensLeft(this.product, this.output.caller, limits);
  }

  /** Puts a sample aside and charges it; returns the row with the seed of the next, or null if the answer is gone. */
  private async giveUp(sample: Sample, attempt: number): Promise<GenerationRow | null> {
    const next = reseeded(sample.row);
    const { seed, sampling } = next;
    const empty = { seed, sampling, completionIds: [], logprobs: [], firstTokenMs: this.firstTokenMs };
    const isKept = await this.write(empty, '', (tx) => this.keepAttempt(tx, sample, attempt));
    if (!isKept) return null;
    this.running.spent += sample.ids.length;
    await this.charge(sample.ids.length);
    return next;
  }

  private async keepAttempt(tx: Executor, { row, ids, rules }: Sample, attempt: number): Promise<void> {
    await tx
      .insert(generationAttempt)
      .values({ generationId: row.id, attempt, seed: row.seed, completionIds: [...ids] });
    await writeHits(tx, { generationId: row.id, attempt }, rules.hits());
    await countUsage(tx, row, { completionTokens: ids.length });
  }

  private async charge(tokens: number): Promise<void> {
    await charge(this.product, this.output.caller, tokens).catch((error: unknown) => {
      this.product.log.warn({ err: error, generationId: this.row.id }, 'the tokens of an answer could not be counted');
    });
  }

  private async end(sample: Sample, others: readonly Sample[]): Promise<void> {
    const { row, running, asked } = this;
    const { reason, failure, answer } = sample;
    running.failure = failure;
    const status: EndEvent['status'] =
      failure || reason === 'error' ? 'failed' : reason === 'aborted' ? 'stopped' : 'done';
    const finishReason = failure ? 'error' : reason;
    const hits = sample.rules.hits();
    const durationMs = Date.now() - row.createdAt.getTime();
    let notices: EndEvent['notices'] = [];
    const isKept = await this.write(
      {
        ...this.progressOf(sample),
        seed: sample.row.seed,
        sampling: sample.row.sampling,
        topTokens: asked.keepsTop ? sample.top : null,
        status,
        finishReason,
        error: failure?.message ?? (reason === 'error' ? 'The engine could not finish this answer.' : null),
        durationMs,
        finishedAt: new Date(),
      },
      answer.visible,
      async (tx) => {
        for (const [i, other] of others.entries()) await this.keepAttempt(tx, other, i + 1);
        await writeHits(tx, { generationId: row.id }, hits);
        await countUsage(tx, row, { completionTokens: sample.ids.length });
        notices = await noticesOf(tx, { generationId: row.id, finishReason });
      },
    );
    if (!isKept) return;
    const spent = others.reduce((sum, { ids }) => sum + ids.length, 0);
    running.spent += spent;
    const { id: generationId, versionId, createdAt, promptIds } = row;
    this.product.monitor.noteEnd({
      ...{ generationId, versionId, status, createdAt, firstTokenMs: this.firstTokenMs, durationMs },
      ...{ promptTokens: promptIds.length, completionTokens: sample.ids.length, hits: hits.length },
    });
    running.end = { type: 'end', status, finishReason, text: answer.visible, notices };
    running.announce();
    await this.charge(sample.ids.length + spent);
  }

  /** Writes row and message in one transaction if the row is still `running`; false when it is gone or has ended. */
  private write(
    values: Partial<typeof generation.$inferInsert>,
    content: string,
    alsoWrite: (tx: Executor) => Promise<void> = async () => {},
  ): Promise<boolean> {
    const { row } = this;
    return this.product.db.transaction(async (tx) => {
      const [kept] = await tx
        .update(generation)
        .set(values)
        .where(and(eq(generation.id, row.id), eq(generation.status, 'running')))
        .returning({ id: generation.id });
      if (!kept) return false;
      await tx.update(message).set({ content }).where(eq(message.id, row.messageId));
      await alsoWrite(tx);
      await tx.execute(sql`select pg_notify(${CHANNELS.generation}, ${row.id})`);
      return true;
    });
  }
}

/** The fractional part of the golden ratio in 53 bits: the seeds of an answer are far apart and follow from the first. */
const STEP = 5566755282872655n;

/** As the row was at first, with the next seed. */
function reseeded(row: GenerationRow): GenerationRow {
  const seed = Number(BigInt.asUintN(53, BigInt(row.seed) + STEP));
  return { ...row, seed, sampling: { ...row.sampling, seed }, completionIds: [], logprobs: [] };
}
