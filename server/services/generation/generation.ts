// Generations: takes tokens from the engine to the row and to any watchers, and runs whether or not anyone watches.
import { and, eq, sql } from 'drizzle-orm';
import type { RuleSet } from '@/core/constraints/rules';
import { CHANNELS } from '@/core/contract';
import { AttuneError, toAttuneError } from '@/core/errors';
import type { FinishReason } from '@/core/sampling';
import type { Executor } from '@/db/client';
import { generation, message } from '@/db/schema';
import type { GenerateRequest } from '@/engine/protocol';
import { AnswerText } from '@/server/constraints/answer-text';
import { charge } from '@/server/services/limits';
import type { Product } from '@/server/services/product';
import { countUsage } from '@/server/services/usage';
import type { GenerationStatus, StreamEvent } from '@/server/services/views';
import { type EndEvent, RunningGeneration } from './running-generation';

/** A generation that one of our versions wrote. */
export type GenerationRow = typeof generation.$inferSelect & { versionId: string };

/** Throws BAD_INPUT for a text that was uploaded: it can be judged, but not streamed or continued. */
export function generated(row: typeof generation.$inferSelect): GenerationRow {
  const { versionId } = row;
  if (versionId === null)
    throw new AttuneError('BAD_INPUT', `${row.id} is an uploaded text and not an answer of ours.`);
  return { ...row, versionId };
}
/** What the engine is asked for in addition to the row's settings. */
export interface Asked extends Pick<GenerateRequest, 'topLogprobs' | 'isRepeatable'> {
  /** The row keeps the most likely tokens, for a request that may be repeated. */
  keepsTop?: boolean;
}

/** How often the tokens are written to the row. */
const PERSIST_MS = 1000;
/** How long a watcher in another process trusts that it will be notified. */
const POLL_MS = 2000;

/** Name of the lock held by the process that receives a generation's tokens. */
export const lockName = (id: string) => `generation ${id}`;

/** The caller must hold the lock. Continues after the tokens that the row has, and runs until the answer ends. */
export function begin(product: Product, row: GenerationRow, rules: RuleSet, asked: Asked = {}): RunningGeneration {
  const answer = new AnswerText(product.base.tokenizer, rules, row.sampling.stop);
  answer.push(row.completionIds);
  const running = new RunningGeneration(row, answer);
  product.running.set(row.id, running);
  running.done = receive(product, row, running, answer, asked)
    .catch((error: unknown) => {
      // The row stays `running`: once the lock is free, the next search for lost generations resumes it.
      product.log.error({ err: error, generationId: row.id }, 'a generation could not be written');
    })
    .finally(async () => {
      product.running.delete(row.id);
      running.isOver = true;
      running.announce();
      await product.listener.unlock(lockName(row.id));
    });
  return running;
}

async function receive(
  product: Product,
  row: GenerationRow,
  running: RunningGeneration,
  answer: AnswerText,
  { keepsTop, ...asked }: Asked,
): Promise<void> {
  const { ids, logprobs } = running;
  const progress = () => ({ completionIds: ids, logprobs });
  let { firstTokenMs } = row;
  let reason: FinishReason = 'error';
  let failure: AttuneError | null = null;
  let persistedAt = Date.now();
  try {
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
      running.signal,
    );
    for await (const event of events) {
      if (event.type === 'finished') {
        reason = event.reason;
        continue;
      }
      firstTokenMs ??= Date.now() - row.createdAt.getTime();
      ids.push(...event.ids);
      logprobs.push(...event.logprobs);
      running.top.push(...(event.top ?? []));
      answer.push(event.ids);
      running.announce();
      if (Date.now() - persistedAt < PERSIST_MS) continue;
      // A brief loss of the database must not end the answer, because the last write decides.
      const isKept = await write(product, row, { ...progress(), firstTokenMs }, answer.visible).catch(
        (error: unknown) => {
          product.log.warn({ err: error, generationId: row.id }, 'progress could not be written');
          return true;
        },
      );
      if (!isKept) running.abandon();
      persistedAt = Date.now();
    }
  } catch (error) {
    failure = toAttuneError(error);
    running.failure = failure;
    product.log.warn({ err: failure, generationId: row.id }, 'a generation failed');
  }
  if (running.isAbandoned) {
    await write(product, row, { ...progress(), firstTokenMs }, answer.visible);
    return;
  }
  answer.end();
  const status: EndEvent['status'] = failure
    ? 'failed'
    : reason === 'aborted'
      ? 'stopped'
      : reason === 'error'
        ? 'failed'
        : 'done';
  const finishReason = failure ? 'error' : reason;
  let apiKeyId: string | null = null;
  const end: EndEvent = { type: 'end', status, finishReason, text: answer.visible };
  const wasRunning = await write(
    product,
    row,
    {
      ...progress(),
      topTokens: keepsTop ? running.top : null,
      firstTokenMs,
      status,
      finishReason,
      error: failure?.message ?? (reason === 'error' ? 'The engine could not finish this answer.' : null),
      constraintHits: answer.hits(),
      durationMs: Date.now() - row.createdAt.getTime(),
      finishedAt: new Date(),
    },
    answer.visible,
    async (tx) => {
      ({ apiKeyId } = await countUsage(tx, row, { completionTokens: ids.length }));
    },
  );
  if (!wasRunning) return;
  running.end = end;
  running.announce();
  await charge(product, { userId: row.userId, apiKeyId }, ids.length).catch((error: unknown) => {
    product.log.warn({ err: error, generationId: row.id }, 'the tokens of an answer could not be counted');
  });
}

/** Writes row and message in one transaction if the row is still `running`; false when it is gone or has ended. */
async function write(
  { db }: Product,
  row: GenerationRow,
  values: Partial<typeof generation.$inferInsert>,
  content: string,
  alsoWrite: (tx: Executor) => Promise<void> = async () => {},
): Promise<boolean> {
  return db.transaction(async (tx) => {
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

interface Watched {
  text: string;
  end: EndEvent | null;
}

/**
 * The answer as it grows: a snapshot, then additions, then the end. Event ids are lengths of text, or `end`;
 * a new connection begins with a snapshot, unless it has seen the end.
 */
export async function* watch(
  product: Product,
  userId: string,
  input: { generationId: string; lastEventId?: string | null },
  signal: AbortSignal,
): AsyncGenerator<{ id: string; event: StreamEvent }> {
  const { generationId } = input;
  await ownStatus(product.db, userId, generationId);
  if (input.lastEventId === 'end') return;
  let sent: string | null = null;
  while (!signal.aborted) {
    // Waiting begins before looking, so that nothing in between is missed.
    const next = waitForChange(product, generationId, signal);
    try {
      const { text, end } = await look(product, generationId);
      if (sent === null || !text.startsWith(sent)) {
        yield { id: String(text.length), event: { type: 'snapshot', text } };
      } else if (text.length > sent.length) {
        yield { id: String(text.length), event: { type: 'delta', text: text.slice(sent.length) } };
      }
      sent = text;
      if (end) {
        yield { id: 'end', event: end };
        return;
      }
      await next.changed;
    } finally {
      next.forget();
    }
  }
}

/** From memory if this process receives the tokens, or else from the row. */
async function look({ db, running }: Product, id: string): Promise<Watched> {
  const here = running.get(id);
  if (here) return { text: here.text, end: here.end };
  const [row] = await db
    .select({ content: message.content, status: generation.status, finishReason: generation.finishReason })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .where(eq(generation.id, id));
  if (!row) throw new AttuneError('NOT_FOUND', `The answer ${id} has been removed.`);
  const { content: text, status, finishReason } = row;
  return { text, end: status === 'running' ? null : { type: 'end', status, finishReason, text } };
}

function waitForChange({ running, listener }: Product, id: string, signal: AbortSignal) {
  let resolve = () => {};
  const changed = new Promise<void>((done) => {
    resolve = done;
  });
  const wake = () => resolve();
  const here = running.get(id);
  const forgetHere = here?.onNext(wake);
  const forgetThere = here ? undefined : listener.on(CHANNELS.generation, (payload) => payload === id && wake());
  const timer = setTimeout(wake, POLL_MS);
  signal.addEventListener('abort', wake, { once: true });
  const forget = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', wake);
    forgetHere?.();
    forgetThere?.();
  };
  return { changed, forget };
}

/** Ends an answer with the text that it has; one that has ended stays as it is. */
export async function stop(
  product: Product,
  userId: string,
  generationId: string,
): Promise<{ status: GenerationStatus }> {
  if ((await ownStatus(product.db, userId, generationId)) === 'running') {
    const here = product.running.get(generationId);
    if (here) {
      here.stop();
      await here.done;
    } else {
      await product.db.execute(sql`select pg_notify(${CHANNELS.stopGeneration}, ${generationId})`);
    }
  }
  return { status: await ownStatus(product.db, userId, generationId) };
}

/** Another person's answer is "not found" rather than "forbidden", because its existence is also private. */
async function ownStatus(db: Executor, userId: string, id: string): Promise<GenerationStatus> {
  const [row] = await db
    .select({ status: generation.status })
    .from(generation)
    .where(and(eq(generation.id, id), eq(generation.userId, userId)));
  if (!row) throw new AttuneError('NOT_FOUND', `You have no answer ${id}.`);
  return row.status;
}
