// Implements one simulated person: an anonymous login, and the product's public API through it.
import { randomBytes } from 'node:crypto';
import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { EventSource } from 'eventsource';
import superjson from 'superjson';
import { AttuneError } from '@/core/errors';
import type { AppRouter } from '@/server/routers';

export type Api = ReturnType<typeof createApi>;

export function createApi(url: string, cookie: string) {
  const headers = { cookie, origin: url };
  class SignedEventSource extends EventSource {
    constructor(address: string | URL) {
      super(address, { fetch: (input, init) => fetch(input, { ...init, headers: { ...init?.headers, ...headers } }) });
    }
  }
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({
          url: `${url}/api/trpc`,
          transformer: superjson,
          EventSource: SignedEventSource as never,
        }),
        false: httpLink({ url: `${url}/api/trpc`, transformer: superjson, headers }),
      }),
    ],
  });
}

/** A guest's cookie. The product limits sign-ins per address, so this waits and tries again after a refusal. */
export async function signInAsGuest(url: string): Promise<string> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const response = await fetch(`${url}/api/auth/sign-in/anonymous`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: '{}',
    });
    if (response.ok) return cookiesOf(response);
    if (response.status !== 429)
      throw new AttuneError('UNAVAILABLE', `A guest could not sign in: ${response.status} ${await response.text()}`);
    const wait = Number(response.headers.get('x-retry-after') ?? 2);
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
  throw new AttuneError(
    'OVERLOADED',
    `${url} refused a guest's sign-in for two minutes. Run the simulation while no one else signs in.`,
  );
}

/** The cookie of a new account. */
export async function signUp(url: string, email: string): Promise<string> {
  const response = await fetch(`${url}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ name: email, email, password: randomBytes(12).toString('hex') }),
  });
  if (response.ok) return cookiesOf(response);
  throw new AttuneError('UNAVAILABLE', `${email} could not sign up: ${response.status} ${await response.text()}`);
}

/** Follows a one-time sign-in link and keeps the session that it gives. */
export async function signInByLink(link: string): Promise<string> {
  const response = await fetch(link, { redirect: 'manual' });
  const cookie = cookiesOf(response);
  if (!cookie)
    throw new AttuneError(
      'UNAUTHENTICATED',
      `The sign-in link gave no session (${response.status}). Ask for a new one.`,
    );
  return cookie;
}

const cookiesOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0]!)
    .join('; ');

export interface Received {
  generationId: string;
  text: string;
  ended: boolean;
  /** Milliseconds between one update and the next, without the wait for the first. */
  gaps: number[];
}

/** Follows a stream to its end. */
export function receive(api: Api, generationId: string): Promise<Received> {
  return new Promise((resolve, reject) => {
    const gaps: number[] = [];
    let last: number | null = null;
    const subscription = api.chat.stream.subscribe(
      { generationId },
      {
        onData({ data: event }) {
          const now = performance.now();
          if (last !== null) gaps.push(now - last);
          last = now;
          if (event.type !== 'end') return;
          subscription.unsubscribe();
          resolve({ generationId, text: event.text, ended: event.finishReason === 'stop', gaps });
        },
        onError: reject,
      },
    );
  });
}

/**
 * Asks one question in a new conversation; the answers as the person reads them, left before right. A person who does not
 * let the product train gets one answer, never two to compare.
 */
export async function ask(api: Api, text: string, allowTraining = true) {
  const conversationId = crypto.randomUUID();
  const sent = await api.chat.send.mutate({
    conversationId,
    parentId: null,
    text,
    clientMessageId: crypto.randomUUID(),
    allowTraining,
  });
  return {
    conversationId,
    comparisonId: sent.comparisonId,
    answers: sent.answers,
    received: () => Promise.all(sent.answers.map(({ generationId }) => receive(api, generationId))),
  };
}
