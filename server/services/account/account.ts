// A person's account: the consent with which new chats begin, weak signals, and the first password after a link.
import { randomUUID } from 'node:crypto';
import { hashPassword } from 'better-auth/crypto';
import { and, eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { SelfGroups } from '@/core/groups';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { account, feedback, feedbackHistory, user } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { isCheckedOutside } from '@/server/services/rule/outside';
import type { AccountView } from '@/server/services/views';

const PASSWORD_PROVIDER = 'credential';

export async function get(product: Product, userId: string): Promise<AccountView> {
  const { allowTraining, allowSignals, groups, isAnonymous } = user;
  const [row] = await product.db
    .select({ allowTraining, allowSignals, groups, isAnonymous })
    .from(user)
    .where(eq(user.id, userId));
  if (!row) throw new AttuneError('NOT_FOUND', 'This account has been removed. Reload the page.');
  const { isAnonymous: isGuest, ...kept } = row;
  return {
    ...kept,
    groups: SelfGroups.safeParse(row.groups).data ?? {},
    isCheckedOutside: await isCheckedOutside(product, isGuest),
  };
}

/** Data sets that are frozen already keep what the person said before. */
export async function setGroups({ db }: Product, userId: string, groups: SelfGroups): Promise<void> {
  await db.update(user).set({ groups }).where(eq(user.id, userId));
}

/** Existing chats keep their own. */
export async function setAllowTraining({ db }: Product, userId: string, allowTraining: boolean): Promise<void> {
  await db.update(user).set({ allowTraining }).where(eq(user.id, userId));
}

/** Turning it off also deletes the signals that were stored. */
export async function setAllowSignals({ db }: Product, userId: string, allowSignals: boolean): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.update(user).set({ allowSignals }).where(eq(user.id, userId));
    if (allowSignals) return;
    await tx.delete(feedback).where(and(eq(feedback.userId, userId), eq(feedback.kind, 'implicit')));
    await tx
      .delete(feedbackHistory)
      .where(and(eq(feedbackHistory.userId, userId), eq(feedbackHistory.kind, 'implicit')));
  });
}

export async function hasPassword(db: Executor, userId: string): Promise<boolean> {
  const [row] = await db
    .select({ id: account.id })
    .from(account)
    .where(and(eq(account.userId, userId), eq(account.providerId, PASSWORD_PROVIDER)));
  return row !== undefined;
}

/** Only better-auth's own procedure, which asks for the current password, replaces it later. */
export async function setFirstPassword({ db }: Product, userId: string, password: string): Promise<void> {
  const hash = await hashPassword(password);
  await db.transaction(async (tx) => {
    await tx.select({ id: user.id }).from(user).where(eq(user.id, userId)).for('update');
    if (await hasPassword(tx, userId))
      throw new AttuneError('CONFLICT', 'This account already has a password; to change it, give the current one.');
    await tx
      .insert(account)
      .values({ id: randomUUID(), accountId: userId, providerId: PASSWORD_PROVIDER, userId, password: hash });
    await recordAudit(tx, userId, 'password.set', userId);
  });
}
