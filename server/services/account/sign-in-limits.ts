// Limits on new guests, new accounts and password attempts per network, counted in Postgres for all replicas.
import { createHash } from 'node:crypto';
import { AttuneError } from '@/core/errors';
import { counterOf } from '@/server/services/limits';
import type { Product } from '@/server/services/product';

interface Rule {
  key: string;
  most: number;
  what: string;
}

/** Per minute. A school class behind one address can sign in; a list of passwords cannot be tried. */
const MOST = { guests: 120, accounts: 30, passwords: 30, passwordsOfOne: 5, links: 5 };

function rulesOf(path: string, network: string, email: string): Rule[] {
  switch (path) {
    case '/sign-in/anonymous':
      return [{ key: `guests:${network}`, most: MOST.guests, what: 'new guests' }];
    case '/sign-up/email':
      return [{ key: `accounts:${network}`, most: MOST.accounts, what: 'new accounts' }];
    case '/sign-in/email': {
      // Hashed, so that no e-mail address is stored where none is needed.
      const person = createHash('sha256').update(email.trim().toLowerCase()).digest('base64url').slice(0, 22);
      return [
        { key: `password:${network}:${person}`, most: MOST.passwordsOfOne, what: 'tries of one password' },
        { key: `passwords:${network}`, most: MOST.passwords, what: 'sign-ins' },
      ];
    }
    case '/change-password':
    case '/verify-password':
      return [{ key: `passwords:${network}`, most: MOST.passwords, what: 'sign-ins' }];
    case '/sign-in/magic-link':
    case '/request-password-reset':
    case '/send-verification-email':
      return [{ key: `links:${network}`, most: MOST.links, what: 'sign-in links' }];
    default:
      return [];
  }
}

/** `path` is better-auth's. Throws OVERLOADED with the time to wait, and UNAVAILABLE when counting fails. */
export async function admitSignIn(
  product: Pick<Product, 'db'>,
  ask: { path: string; network: string; email: string },
): Promise<void> {
  const counter = counterOf(product);
  for (const { key, most, what } of rulesOf(ask.path, ask.network, ask.email)) {
    const { consumedPoints, msBeforeNext } = await counter.penalty(key, 1);
    if (consumedPoints <= most) continue;
    const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
    throw new AttuneError(
      'OVERLOADED',
      `There were ${most} ${what} from your network in the current minute, and that is the limit. Try again in ${seconds} s.`,
      { retryAfterSeconds: seconds },
    );
  }
}
