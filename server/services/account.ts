// A person's account: the consent to training that new chats begin with.
import { eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { user } from '@/db/schema';
import type { Product } from './product';
import type { AccountView } from './views';

export async function get({ db }: Product, userId: string): Promise<AccountView> {
  const [row] = await db.select({ allowTraining: user.allowTraining }).from(user).where(eq(user.id, userId));
  if (!row) throw new AttuneError('NOT_FOUND', 'This account has been removed. Reload the page.');
  return row;
}

/** Chats that exist keep their own. */
export async function setAllowTraining({ db }: Product, userId: string, allowTraining: boolean): Promise<void> {
  await db.update(user).set({ allowTraining }).where(eq(user.id, userId));
}
