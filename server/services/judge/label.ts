// Lets a judge label item after item, kind after kind; each label is feedback of the judge's own rater account.
import { eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { FeedbackValue } from '@/core/feedback/kinds';
import type { Principle } from '@/core/judging/constitution';
import { principlesFor } from '@/core/judging/constitution';
import { faultsOf } from '@/core/judging/figures';
import type { LabelKind } from '@/core/judging/judge';
import { critiquePrompt, isNoCritique, ratePrompt, revisePrompt } from '@/core/judging/prompts';
import { labelOf } from '@/core/judging/verdict';
import type { Executor } from '@/db/client';
import { conversation, type JudgeWords, judgeLabel } from '@/db/schema';
import { checkValue } from '@/server/services/feedback/check';
import { type Given, writeFeedback } from '@/server/services/feedback/write';
import { fitAnswer } from '@/server/services/generation/prompt';
import type { Product } from '@/server/services/product';
import { holdPeople } from '@/server/services/rating/assignment';
import { pairOf } from '@/server/services/rating/pair';
import { readCompletions, readPrompt } from '@/server/services/rating/task-view';
import { readSettings } from '@/server/services/settings';
import { readConstitution } from './constitution';
import type { Held } from './hold';
import { findItems, type Item, mayRead } from './items';
import { readMeasurements } from './measure';
import { compareBothOrders, type JudgeReader, JudgeTrouble, unlessTooLong } from './reader';

/** Items that are chosen at once; afterwards the order is asked anew. */
const BATCH = 20;
const CRITIQUE_TOKENS = 200;

type Missing = NonNullable<(typeof judgeLabel.$inferSelect)['missing']>;
type Label = { said: JudgeWords } & (
  | { value: FeedbackValue<'comparison'> | FeedbackValue<'rating'> | FeedbackValue<'correction'> }
  | { missing: Missing }
);

export async function label(product: Product, held: Held, reader: JudgeReader): Promise<void> {
  const { db } = product;
  const { row, constitution } = held;
  const kinds = row.labels.filter((kind) => principlesFor(constitution.principles, kind).length > 0);
  let done = 0;
  for (;;) {
    const batches = await Promise.all(kinds.map((kind) => findItems(db, row, kind, BATCH)));
    const left = batches.reduce((sum, items) => sum + (items[0]?.left ?? 0), 0);
    if (left === 0) return held.finish(done);
    const total = done + left;
    for (let at = 0; at < BATCH; at++) {
      for (const items of batches) {
        const item = items[at];
        if (!item) continue;
        if (!(await held.progress(done, total))) return;
        await checkMeasured(db, held);
        const said = await judgeItem(product, held, reader, item);
        if (!(await writeLabel(product, held, item, said, reader.takePrice()))) return;
        done++;
      }
    }
  }
}

/** The figures belong to one version of the principles. */
async function checkMeasured(db: Executor, { row, constitution }: Held): Promise<void> {
  const [last] = await readMeasurements(db, row.id, 1);
  const now = await readConstitution(db);
  if (!last || now?.version !== constitution.version || last.constitutionVersion !== constitution.version)
    throw new JudgeTrouble('unmeasured');
  if (faultsOf(last.figures).length > 0) throw new JudgeTrouble('unmeasured');
}

async function judgeItem(product: Product, held: Held, reader: JudgeReader, item: Item): Promise<Label> {
  const principles = principlesFor(held.constitution.principles, item.kind);
  const dialogue = await readPrompt(product.db, item.messageId);
  const [first = '', second = ''] = await readCompletions(product.db, item.generationIds);
  const read = await unlessTooLong(READ[item.kind]({ product, held, reader, principles, dialogue, first, second }));
  return read === 'too_long' ? { missing: 'too_long', said: {} } : read;
}

interface Asked {
  product: Product;
  held: Held;
  reader: JudgeReader;
  principles: readonly Principle[];
  dialogue: Awaited<ReturnType<typeof readPrompt>>;
  first: string;
  second: string;
}

const READ: Record<LabelKind, (asked: Asked) => Promise<Label>> = {
  async comparison({ held, reader, principles, dialogue, first: left, second: right }) {
    const orders = await compareBothOrders(reader, principles, { dialogue, left, right }, held.signal);
    return orders ? { value: labelOf(orders), said: { orders } } : { missing: 'no_verdict', said: {} };
  },
  async rating({ held, reader, principles, dialogue, first }) {
    const read = await reader.rate(ratePrompt(principles, dialogue, first), held.signal);
    return read ? { value: { rating: Math.round(read.expected) }, said: read } : { missing: 'no_verdict', said: {} };
  },
  async correction({ product, held, reader, principles, dialogue, first }) {
    // One principle at a time, drawn anew for each answer (Bai et al. 2022, section 3.1).
    const principle = principles[Math.floor(product.random() * principles.length)]!;
    const critique = await reader.write(critiquePrompt(principle, dialogue, first), CRITIQUE_TOKENS, held.signal);
    const said = { principleId: principle.id, critique };
    if (critique === '') return { missing: 'no_verdict', said };
    if (isNoCritique(critique)) return { missing: 'nothing_wrong', said };
    const { sampling } = await readSettings(product.db);
    const tokens = fitAnswer(sampling.maxTokens, product.maxContext);
    const text = await reader.write(revisePrompt(principle, dialogue, first, critique), tokens, held.signal);
    if (text === '') return { missing: 'no_verdict', said };
    return text === first.trim() ? { missing: 'unchanged', said } : { value: { text }, said };
  },
};

/** False once the judge is no longer this process's. What was withdrawn meanwhile gets no label. */
async function writeLabel(product: Product, held: Held, item: Item, label: Label, price: number): Promise<boolean> {
  const { row, constitution } = held;
  const { conversationId, messageId, generationIds, kind } = item;
  return held.write(async (tx) => {
    const [owner] = await tx
      .select({ id: conversation.userId })
      .from(conversation)
      .where(eq(conversation.id, conversationId));
    if (!owner) return;
    await holdPeople(tx, [row.userId, owner.id]);
    const [open] = await tx
      .select({ isOpen: mayRead(row) })
      .from(conversation)
      .where(eq(conversation.id, conversationId))
      .for('key share');
    if (!open?.isOpen || (await readCompletions(tx, generationIds)).some((text) => text === '')) return;
    const from = {
      ...{ judgeId: row.id, kind, conversationId, messageId, model: row.model, said: label.said, price },
      generationId: generationIds[0]!,
      otherGenerationId: generationIds[1] ?? null,
      constitutionVersion: constitution.version,
    };
    const given = 'missing' in label ? label.missing : await giveFeedback(product, tx, row.userId, item, label.value);
    await tx
      .insert(judgeLabel)
      .values(typeof given === 'string' ? { ...from, missing: given } : { ...from, feedbackId: given.id })
      .onConflictDoNothing();
  });
}

/** Or why the text does not fit. */
async function giveFeedback(
  product: Product,
  tx: Executor,
  raterId: string,
  { kind, messageId, generationIds }: Item,
  value: FeedbackValue,
): Promise<{ id: string } | Missing> {
  if (kind === 'comparison') {
    const pair = await pairOf(tx, { messageId, generationIds });
    const oriented = pair.orient(value as FeedbackValue<'comparison'>);
    return writeFeedback(tx, raterId, { kind, subjectId: pair.id, value: oriented, source: 'judge' });
  }
  const given = { kind, subjectId: generationIds[0]!, value, source: 'judge' } as Given;
  if (kind === 'correction') {
    const [text] = await readCompletions(tx, generationIds);
    const about = { messageId, answers: [{ id: generationIds[0]!, status: 'done' as const, text: text! }] };
    try {
      await checkValue(product, tx, about, { kind, value: value as FeedbackValue<'correction'> });
    } catch (error) {
      if (error instanceof AttuneError && error.code === 'TOO_LONG') return 'too_long';
      if (error instanceof AttuneError && error.code === 'BAD_INPUT') return 'unchanged';
      throw error;
    }
  }
  return writeFeedback(tx, raterId, given);
}
