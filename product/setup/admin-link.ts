// Ways in for an admin: a password, where one was set, and a new link that signs one in once.
import { and, count, eq, isNotNull } from 'drizzle-orm';
import { closeDatabase, getDatabase } from '@/db/client';
import { account, user } from '@/db/schema';
import { createAdminLink, createAuth } from '@/server/auth';

export interface AdminAccess {
  /** False where a link is the only way in. */
  hasPassword: boolean;
  /** Signs an admin in, once, within an hour. */
  link: string;
}

interface AccessOptions {
  databaseUrl: string;
  /** Where people reach the product. */
  url: string;
  secret: string;
  /** Of the admin; the first one without it. */
  email?: string;
}

export async function openAdminAccess({ databaseUrl, url, secret, email }: AccessOptions): Promise<AdminAccess> {
  const db = getDatabase(databaseUrl);
  try {
    const [row] = await db
      .select({ passwords: count() })
      .from(account)
      .innerJoin(user, eq(user.id, account.userId))
      .where(and(eq(user.role, 'admin'), isNotNull(account.password)));
    const link = await createAdminLink(db, createAuth(db, { secret, baseUrl: url }), email);
    return { hasPassword: Number(row?.passwords) > 0, link };
  } finally {
    await closeDatabase(databaseUrl);
  }
}
