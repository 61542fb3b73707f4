// Generations: begun, watched by any process, and stopped; they run whether or not anyone watches.
import { and, eq, sql } from 'drizzle-orm';
import { CHANNELS } from '@/core/contract';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { generation, message } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { noticesOf } from '@/server/services/rule/notice';
import type { GenerationStatus, StreamEvent } from '@/server/services/views';
import { receive } from './receive';
import { type GenerationRow, lockName } from './row';
import { type EndEvent, RunningGeneration } from './running-generation';
import type { Asked } from './sample';

/** How long a watcher in another process trusts that it will be notified. */
const POLL_MS = 2000;

/** The caller must hold the lock. Continues after the tokens that the row has, and runs until the answer ends. */
export function begin(product: Product, row: GenerationRow, asked: Asked = {}): RunningGeneration {
  const running = new RunningGeneration(row.id, null);
  product.running.set(row.id, running);
  running.done = receive(product, row, running, asked)
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
  if (status === 'running') return { text, end: null };
  const notices = await noticesOf(db, { generationId: id, finishReason });
  return { text, end: { type: 'end', status, finishReason, text, notices } };
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
