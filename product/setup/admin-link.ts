// The one-time link that signs the first admin in; none once an admin has signed in.
import { eq } from 'drizzle-orm';
import { closeDatabase, getDatabase } from '@/db/client';
import { session, user } from '@/db/schema';
import { createAdminLink, createAuth } from '@/server/auth';

export async function firstAdminLink(databaseUrl: string, baseUrl: string, secret: string): Promise<string | null> {
  const db = getDatabase(databaseUrl);
  try {
    const signedIn = await db
      .select({ id: session.id })
      .from(session)
      .innerJoin(user, eq(user.id, session.userId))
      .where(eq(user.role, 'admin'))
      .limit(1);
    return signedIn.length ? null : await createAdminLink(db, createAuth(db, { secret, baseUrl }));
  } finally {
    await closeDatabase(databaseUrl);
  }
}
