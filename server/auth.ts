// Sign-in: e-mail and password, guests whose history follows them into an account, and one-time links for admins.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { anonymous, magicLink } from 'better-auth/plugins';
import { and, asc, eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Logger } from '@/core/logger';
import { MIN_PASSWORD, TEXT_LIMITS } from '@/core/text/text-limits';
import type { Database, Executor } from '@/db/client';
import * as schema from '@/db/schema';
import { moveHistory } from './services/account/guest';

export const ADMIN_EMAIL = 'admin@attune.local';
/** The page for a link that has been used or has expired. */
export const SPENT_LINK_PATH = '/sign-in/link';
const LINK_SECONDS = 60 * 60;

/** Receives the link of the call in progress; a request from outside has no slot, so its link goes nowhere. */
const outbox = new AsyncLocalStorage<{ url: string | null }>();

interface AuthOptions {
  secret: string;
  /** The only address that the library knows; `http/auth-handler` rewrites requests to any other address to it. */
  baseUrl: string;
  log?: Logger;
}

export function createAuth(db: Database, { secret, baseUrl, log }: AuthOptions) {
  return betterAuth({
    appName: 'Attune',
    baseURL: baseUrl,
    secret,
    telemetry: { enabled: false },
    // Set explicitly, because the library skips these checks when it thinks that it runs in a test. Whether a cookie is
    // marked Secure depends on the request, so the handler around the library sets that.
    advanced: { disableOriginCheck: false, disableCSRFCheck: false, useSecureCookies: false },
    // services/sign-in-limits counts instead, across all replicas and by kind of request.
    rateLimit: { enabled: false },
    logger: {
      log: (level, message, ...details) => {
        const err = details.find((detail) => detail instanceof Error);
        log?.[level]({ err }, `better-auth: ${withoutEmails(message)}`);
      },
    },
    database: drizzleAdapter(db, { provider: 'pg', schema }),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: MIN_PASSWORD,
      maxPasswordLength: TEXT_LIMITS.password,
    },
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

const withoutEmails = (message: string) => message.replace(/[^\s<>"]+@[^\s<>"]+/g, '[e-mail]');

/**
 * A URL that signs an admin in once, within an hour: the admin with this address, or the first admin, who is created
 * if there is none. Throws NOT_FOUND for an unknown address, and CONFLICT for an account without the role.
 */
export async function createAdminLink(db: Database, auth: Auth, email?: string): Promise<string> {
  const address = email === undefined ? await firstAdmin(db) : await adminAt(db, email.trim().toLowerCase());
  const slot: { url: string | null } = { url: null };
  await outbox.run(slot, () =>
    auth.api.signInMagicLink({
      body: { email: address, callbackURL: '/admin', errorCallbackURL: SPENT_LINK_PATH },
      headers: new Headers(),
    }),
  );
  if (!slot.url) throw new AttuneError('INTERNAL', 'The sign-in link was not made.');
  return slot.url;
}

async function adminAt(db: Executor, email: string): Promise<string> {
  const [person] = await db.select().from(schema.user).where(eq(schema.user.email, email));
  if (!person) throw new AttuneError('NOT_FOUND', `There is no account with the address ${email}.`);
  if (person.role !== 'admin')
    throw new AttuneError(
      'CONFLICT',
      `${email} is an account without the admin role; an admin can give it the role on the page /admin/users.`,
    );
  return email;
}

/** The oldest admin account. If none is left, the product's own becomes admin again, without old sessions or logins. */
async function firstAdmin(db: Database): Promise<string> {
  return db.transaction(async (tx) => {
    const [oldest] = await tx
      .select()
      .from(schema.user)
      .where(and(eq(schema.user.role, 'admin'), eq(schema.user.isAnonymous, false)))
      .orderBy(asc(schema.user.createdAt), asc(schema.user.id))
      .limit(1);
    if (oldest) return oldest.email;
    const [own] = await tx
      .insert(schema.user)
      .values({ id: randomUUID(), name: 'Admin', email: ADMIN_EMAIL, emailVerified: true, role: 'admin' })
      .onConflictDoUpdate({ target: schema.user.email, set: { role: 'admin', emailVerified: true } })
      .returning();
    await tx.delete(schema.session).where(eq(schema.session.userId, own!.id));
    await tx.delete(schema.account).where(eq(schema.account.userId, own!.id));
    return ADMIN_EMAIL;
  });
}
