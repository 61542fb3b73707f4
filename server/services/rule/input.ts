// Checks what a person sends against the rules, before a transaction begins.
import { eq } from 'drizzle-orm';
import { MASK } from '@/core/constraints/judge';
import type { RuleSet } from '@/core/constraints/rules';
import type { VerdictRule } from '@/core/constraints/scanner';
import { turns } from '@/core/process/turns';
import { user } from '@/db/schema';
import { type CheckedInput, checkInput } from '@/server/constraints/input-rules';
import { audienceOf, planInput } from '@/server/constraints/plan';
import type { Caller } from '@/server/services/limits';
import type { Product } from '@/server/services/product';
import { writeHits } from './hit';

/** Applies to one text. `param` is the request's name for it. */
export type InputCheck = (text: string, param?: string) => Promise<CheckedInput>;

/** Texts of one request that are checked at once: a server that does not answer is asked about no more. */
const AT_ONCE = 4;

/** The check of one request. Throws CANCELLED once its signal has aborted. */
export async function inputCheck(
  { db, log, tools }: Product,
  { userId, apiKeyId }: Caller,
  { rules, systemPrompt }: { rules: RuleSet; systemPrompt: string | null },
  signal: AbortSignal,
): Promise<InputCheck> {
  const [person] = await db.select({ isAnonymous: user.isAnonymous }).from(user).where(eq(user.id, userId));
  const plan = person ? planInput(rules, audienceOf(person.isAnonymous, apiKeyId)) : [];
  const how = {
    ...{ context: { input: null, systemPrompt }, tools, signal, failed: new Set<VerdictRule>() },
    onFailure: (error: unknown) => log.warn({ err: error, userId }, 'a rule gave no verdict on a message'),
  };
  const inTurn = turns(AT_ONCE);
  return (text, param) => inTurn(() => checkInput(plan, text, how, param));
}

/** Counts what was refused, once for each rule; of the text itself nothing is kept. */
export async function recordRefusal({ db }: Product, { hits }: CheckedInput): Promise<void> {
  const byRule = new Map(hits.filter(({ action }) => action === 'block').map((hit) => [hit.ruleId, hit]));
  await writeHits(db, {}, [...byRule.values()]);
}

/** Whether `text`, as it was kept, may be `sent` with parts of it hidden. */
export function isMaskOf(text: string, sent: string): boolean {
  if (text.length !== sent.length) return false;
  for (let i = 0; i < text.length; i++) if (text[i] !== sent[i] && text[i] !== MASK) return false;
  return true;
}
