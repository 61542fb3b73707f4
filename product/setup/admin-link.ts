// Finds out whether an admin has a password, and makes a new link that signs an admin in once.
import { and, count, eq, isNotNull } from 'drizzle-orm';
import { closeDatabase, getDatabase } from '@/db/client';
import { account, user } from '@/db/schema';
import { createAdminLink, createAuth } from '@/server/auth';

export interface AdminAccess {
  /** False if a link is the only way to sign in. */
  hasPassword: boolean;
  /** Signs an admin in once, within an hour. */
  link: string;
}

interface AccessOptions {
  databaseUrl: string;
  /** The address at which people reach the product. */
  url: string;
  secret: string;
  /** The admin's address; without it, the first admin. */
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
