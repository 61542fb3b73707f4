// What raters read beside a task: an edit is a new version, and each answer keeps the one that its rater saw.
import { desc } from 'drizzle-orm';
import { recordAudit } from '@/db/audit';
import { guideline } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { checkText } from '@/server/services/text';
import type { GuidelineView } from './views';

export const MOST_GUIDELINE = 20_000;

/** Newest first; the first is in force. */
export async function listGuidelines({ db }: Product): Promise<GuidelineView[]> {
  const { version, text, createdAt } = guideline;
  return db.select({ version, text, createdAt }).from(guideline).orderBy(desc(version));
}

export async function writeGuideline(
  { db }: Product,
  actorId: string,
  text: GuidelineView['text'],
): Promise<{ version: number }> {
  checkText(text.en, 'guideline in English', MOST_GUIDELINE);
  checkText(text.ja, 'guideline in Japanese', MOST_GUIDELINE);
  return db.transaction(async (tx) => {
    const [row] = await tx.insert(guideline).values({ text, createdBy: actorId }).returning();
    await recordAudit(tx, actorId, 'rating.guideline', String(row!.version));
    return { version: row!.version };
  });
}
