// What a person reads while the database is away, and that nothing is let through then.
import { afterAll, expect, it } from 'vitest';
import { Settings } from '@/core/settings';
import { closeDatabase, getDatabase } from '@/db/client';
import { authenticate } from '@/server/services/account/api-key';
import { admitSignIn } from '@/server/services/account/sign-in-limits';
import { admit, charge } from '@/server/services/limits';
import type { Product } from '@/server/services/product';

const URL_OF_NOTHING = 'postgresql://localhost:1/none';
const product = { db: getDatabase(URL_OF_NOTHING) } as Product;
const caller = { userId: 'someone', apiKeyId: 'a key' };

afterAll(() => closeDatabase(URL_OF_NOTHING));

it.each([
  ['a request', () => admit(product, caller, Settings.parse({}).limits)],
  ['tokens', () => charge(product, caller, 1)],
  ['a key', () => authenticate(product, 'Bearer sk-attune-x')],
  ['a sign-in', () => admitSignIn(product, { path: '/sign-in/email', network: '192.0.2.1', email: 'a@example.org' })],
])('%s is refused with UNAVAILABLE, one sentence and the time to wait', async (_, ask) => {
  await expect(ask()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'The database does not answer at the moment. Try again in a few seconds.',
    retryAfterSeconds: 5,
  });
});
