// Starts answers to a message, for chat and API: chooses their versions, writes their rows and asks for their tokens.
import { randomUUID } from 'node:crypto';
import { VERSION_LAYER } from '@/core/rollout/layers';
import { isHeldOut, takesPart } from '@/core/rollout/taking-part';
import type { Sampling } from '@/core/sampling';
import type { Settings } from '@/core/settings';
import type { Executor } from '@/db/client';
import { champion } from '@/db/release';
import { generation, generationArm, message } from '@/db/schema';
import { type Assignment, assignArms, bothArms, combineArms } from '@/server/rollout/assign';
import { type Caller, charge, takeSeats } from '@/server/services/limits';
import type { Product } from '@/server/services/product';
import type { Serving } from '@/server/services/settings';
import { countUsage } from '@/server/services/usage';
import { holdRunning } from '@/server/services/version/experiment';
import { begin } from './generation';
import { type GenerationRow, generated, lockName } from './row';
import type { RunningGeneration } from './running-generation';
import type { Asked } from './sample';

export interface Begun<T> {
  result: T;
  /** Generations whose tokens to ask for; empty when nothing was written. */
  rows: GenerationRow[];
  /** The sum over all prompts; answers to one prompt share it. */
  promptTokens: number;
}

/** Tokens are requested once the rows are committed; until then the locks mark the generations as this process's. */
export async function beginAnswers<T>(
  product: Product,
  caller: Caller,
  work: (tx: Executor) => Promise<Begun<T>>,
  asked: Asked = {},
): Promise<{ result: T; running: RunningGeneration[] }> {
  const locked: string[] = [];
  try {
    const { result, rows, promptTokens } = await product.db.transaction(async (tx) => {
      const begun = await work(tx);
      for (const { id } of begun.rows) {
        if (await product.listener.tryLock(lockName(id), () => product.running.get(id)?.abandon())) locked.push(id);
      }
      return begun;
    });
    const running = rows.map((row) => begin(product, row, asked));
    // The tokens are already requested; if counting fails now, it also fails the next request, which is counted first.
    charge(product, caller, promptTokens).catch((error: unknown) => {
      product.log.warn({ err: error, userId: caller.userId }, 'the tokens of a prompt could not be counted');
    });
    return { result, running };
  } catch (error) {
    for (const id of locked) await product.listener.unlock(lockName(id));
    throw error;
  }
}

/**
 * A comparison is candidate against champion of one of the person's experiments, and else two samples of what the person
 * gets. People in the holdout take part in none.
 */
export async function chooseArms(
  tx: Executor,
  userId: string,
  { isComparison, isChat }: { isComparison: boolean; isChat: boolean },
  settings: Pick<Settings, 'holdoutShare'>,
  random: () => number,
): Promise<Assignment[]> {
  const running = isHeldOut(userId, settings.holdoutShare) ? [] : await holdRunning(tx);
  const own = running.filter((one) => {
    const { layer, segmentFrom: from, segmentTo: to } = one;
    // A program says itself how it wants its answers, so its requests have no part in experiments on settings.
    return (isChat || layer === VERSION_LAYER) && takesPart(layer, { from, to }, userId);
  });
  const arms = await assignArms(tx, own, userId, { isExposed: !isComparison });
  const { versionId } = await champion(tx);
  if (!isComparison) return [combineArms(versionId, arms)];
  const compared = own[Math.floor(random() * own.length)];
  if (!compared) return [combineArms(versionId, []), combineArms(versionId, [])];
  const others = arms.filter(({ experiment }) => experiment !== compared);
  return bothArms(compared).map((arm) => combineArms(versionId, [arm, ...others]));
}

export interface AnswerPlan {
  /** The message to answer. */
  parent: { id: string; conversationId: string };
  promptIds: number[];
  /** As it is in the prompt; null if there is none, or nobody knows. */
  systemPrompt: string | null;
  /** One entry per answer. */
  answers: { arm: Assignment; sampling: Sampling }[];
  clientMessageId?: string;
  /** The answer that it is to replace. */
  replacesId?: string;
}

/** Writes messages and generations, takes a seat for each and counts every prompt; throws OVERLOADED without a seat. */
export async function insertAnswers(
  product: Product,
  tx: Executor,
  settings: Serving,
  caller: Caller,
  plans: readonly AnswerPlan[],
): Promise<Omit<Begun<unknown>, 'result'>> {
  const { userId } = caller;
  await takeSeats(product, tx, caller, settings.limits, sum(plans.map(({ answers }) => answers.length)));
  const rows: GenerationRow[] = [];
  for (const { parent, promptIds, systemPrompt, answers, clientMessageId, replacesId } of plans) {
    const { conversationId } = parent;
    for (const { arm, sampling } of answers) {
      const messageId = randomUUID();
      await tx.insert(message).values({
        id: messageId,
        conversationId,
        parentId: parent.id,
        role: 'assistant',
        content: '',
        clientMessageId,
        replacesId,
      });
      const { settings: settingsArms, ...versionArm } = arm;
      const [row] = await tx
        .insert(generation)
        .values({
          ...versionArm,
          messageId,
          conversationId,
          userId,
          sampling,
          seed: sampling.seed,
          promptIds,
          constraintRulesVersion: settings.rules.version,
          systemPrompt,
        })
        .returning();
      const given = settingsArms.map(({ change: _, ...one }) => ({ generationId: row!.id, ...one }));
      if (given.length > 0) await tx.insert(generationArm).values(given);
      rows.push(generated(row!));
    }
  }
  const { conversationId } = plans[0]!.parent;
  const promptTokens = sum(plans.map(({ promptIds }) => promptIds.length));
  await countUsage(tx, { userId, conversationId }, { requests: 1, promptTokens });
  return { rows, promptTokens };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
