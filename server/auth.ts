// Sign-in: e-mail and password, guests whose history follows them into an account, and a one-time link for the admin.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { anonymous, magicLink } from 'better-auth/plugins';
import { eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Database } from '@/db/client';
import * as schema from '@/db/schema';
import { moveHistory } from './services/guest';

export const ADMIN_EMAIL = 'admin@attune.local';
const LINK_SECONDS = 60 * 60;

/** Where the link of the call in progress goes; a request from outside has nowhere to send it. */
const outbox = new AsyncLocalStorage<{ url: string | null }>();

export function createAuth(db: Database, options: { secret: string; baseUrl: string }) {
  const isLocal = ['localhost', '127.0.0.1'].includes(new URL(options.baseUrl).hostname);
  return betterAuth({
    appName: 'Attune',
    baseURL: options.baseUrl,
    secret: options.secret,
    telemetry: { enabled: false },
    // A product that runs on this machine may be reached by either name and through a forwarded port.
    trustedOrigins: isLocal ? ['http://localhost:*', 'http://127.0.0.1:*'] : [],
    // Said out loud, because the library leaves the checks out where it takes its surroundings for a test's.
    advanced: { disableOriginCheck: false, disableCSRFCheck: false },
    database: drizzleAdapter(db, { provider: 'pg', schema }),
    emailAndPassword: { enabled: true, minPasswordLength: 8 },
    session: { expiresIn: 60 * 60 * 24 * 30 },
    user: { additionalFields: { role: { type: 'string', required: false, defaultValue: 'user', input: false } } },
    plugins: [
      anonymous({
        emailDomainName: 'guest.attune.local',
        onLinkAccount: ({ anonymousUser, newUser }) => moveHistory(db, anonymousUser.user.id, newUser.user.id),
      }),
      magicLink({
        disableSignUp: true,
        expiresIn: LINK_SECONDS,
        storeToken: 'hashed',
        sendMagicLink: ({ url }) => {
          const slot = outbox.getStore();
          if (slot) slot.url = url;
        },
      }),
    ],
  });
}
export type Auth = ReturnType<typeof createAuth>;

/** A URL that signs in as the admin once, within an hour; makes the admin where there is none. */
export async function createAdminLink(db: Database, auth: Auth, email = ADMIN_EMAIL): Promise<string> {
  await db
    .insert(schema.user)
    .values({ id: randomUUID(), name: 'Admin', email, emailVerified: true, role: 'admin' })
    .onConflictDoNothing({ target: schema.user.email });
  const [admin] = await db.select().from(schema.user).where(eq(schema.user.email, email));
  if (admin?.role !== 'admin')
    throw new AttuneError('CONFLICT', `${email} is an account without the admin role; choose another address.`);
  const slot: { url: string | null } = { url: null };
  await outbox.run(slot, () =>
    auth.api.signInMagicLink({ body: { email, callbackURL: '/admin' }, headers: new Headers() }),
  );
  if (!slot.url) throw new AttuneError('INTERNAL', 'The sign-in link was not made.');
  return slot.url;
}
