// Deletes a person's account with everything that they wrote; sessions, keys and answers in progress end.
import { and, eq, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { confirmationOf, isConfirmed } from '@/core/text/confirmation';
import { recordAudit } from '@/db/audit';
import { generation, user, verification } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { forgetPerson } from '@/server/services/statistics/held-figures';

/**
 * Every row that belongs to the person goes by its foreign key, and triggers note what data sets must forget. What
 * stays names the person only by an id that nothing else explains: the audit log, and who asked for a run.
 */
export async function remove({ db, running }: Product, userId: string, confirmation: string): Promise<void> {
  const unfinished = await db.transaction(async (tx) => {
    // Locked in the order of setRole, so that two admins who leave at once cannot both go.
    const admins = await tx.select().from(user).where(eq(user.role, 'admin')).orderBy(user.id).for('update');
    const [person] = await tx.select().from(user).where(eq(user.id, userId)).for('update');
    if (!person) throw new AttuneError('NOT_FOUND', 'This account has been removed. Reload the page.');
    const asked = confirmationOf(person);
    if (!isConfirmed(confirmation, asked))
      throw new AttuneError('BAD_INPUT', `To delete the account, type ${asked}.`, { param: 'confirmation' });
    if (person.role === 'admin' && admins.length === 1)
      throw new AttuneError('CONFLICT', 'You are the last admin. Make someone else an admin first.');
    const rows = await tx
      .select({ id: generation.id })
      .from(generation)
      .where(and(eq(generation.userId, userId), eq(generation.status, 'running')));
    // A sign-in link that has not been used holds the address.
    await tx.delete(verification).where(sql`strpos(${verification.value}, ${JSON.stringify(person.email)}) > 0`);
    await forgetPerson(tx, userId);
    await tx.delete(user).where(eq(user.id, userId));
    await recordAudit(tx, null, 'account.delete', userId);
    return rows;
  });
  for (const { id } of unfinished) running.get(id)?.abandon();
}
