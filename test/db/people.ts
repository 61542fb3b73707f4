// People who are signed in over HTTP: their calls carry a session's cookie and go through the handler that Next calls.
import { randomUUID } from 'node:crypto';
import { createTRPCClient, httpLink, type TRPCClient, TRPCClientError } from '@trpc/client';
import { eq } from 'drizzle-orm';
import superjson from 'superjson';
import { user } from '@/db/schema';
import { answerAuth } from '@/server/http/auth-handler';
import { answerTrpc } from '@/server/http/trpc-handler';
import type { WebProcess } from '@/server/product';
import type { AppRouter } from '@/server/routers';
import { cookieOf } from './requests';

export interface Person {
  id: string;
  email: string;
  /** Of the session. */
  cookie: string;
  api: TRPCClient<AppRouter>;
}

const ORIGIN = 'http://localhost:3000';
const HEADERS = { origin: ORIGIN, 'x-forwarded-host': 'localhost:3000', 'x-forwarded-proto': 'http' };

/** A new account with this role. */
export async function enter(web: WebProcess, role: 'user' | 'rater' | 'admin' = 'user'): Promise<Person> {
  const email = `${randomUUID()}@example.org`;
  const response = await answerAuth(
    web,
    new Request(`${ORIGIN}/api/auth/sign-up/email`, {
      method: 'POST',
      // Sign-ups are limited by address.
      headers: {
        ...HEADERS,
        'content-type': 'application/json',
        'x-forwarded-for': `2001:db8:${email.slice(0, 4)}::1`,
      },
      body: JSON.stringify({ name: 'Ada', email, password: 'correct horse battery' }),
    }),
  );
  const cookie = cookieOf(response);
  const [row] = await web.product.db.update(user).set({ role }).where(eq(user.email, email)).returning();
  return { id: row!.id, email, cookie, api: callWith(web, cookie) };
}

/** Calls without a session. */
export const callAsNobody = (web: WebProcess) => callWith(web, '');

const callWith = (web: WebProcess, cookie: string) =>
  createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${ORIGIN}/api/trpc`,
        transformer: superjson,
        headers: { ...HEADERS, cookie, 'x-forwarded-for': '192.0.2.7' },
        fetch: (url, options) => answerTrpc(web, new Request(url, options as RequestInit)),
      }),
    ],
  });

/** The status of the answer: 200, or that of the refusal. */
export const statusOf = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 200,
    (error: unknown) => {
      const status: unknown = error instanceof TRPCClientError ? error.data?.httpStatus : undefined;
      if (typeof status !== 'number') throw error;
      return status;
    },
  );
