// The flaws that the chat offers: those of the newest questionnaire that an administrator made for it.
import { and, desc, eq, isNull } from 'drizzle-orm';
import { questionnaire } from '@/db/schema';
import type { Product } from '@/server/services/product';
import type { FlawView } from './views';

export async function listFlaws({ db }: Product): Promise<FlawView[]> {
  const [row] = await db
    .select({ questions: questionnaire.questions })
    .from(questionnaire)
    .where(and(eq(questionnaire.isForChat, true), isNull(questionnaire.retiredAt)))
    .orderBy(desc(questionnaire.createdAt))
    .limit(1);
  return (row?.questions ?? []).filter(({ kind }) => kind === 'flaw').map(({ id, text }) => ({ id, text }));
}
