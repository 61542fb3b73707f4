// Whether texts leave for a server that a rule asks, which people are told before they write.
import { AttuneError } from '@/core/errors';
import { audienceOf, planInput, planOutput } from '@/server/constraints/plan';
import type { Product } from '@/server/services/product';

/** In the chat. Where rules cannot be read, nothing is sent anywhere. */
export async function isCheckedOutside({ rules }: Product, isGuest: boolean | null): Promise<boolean> {
  const current = await rules.current().catch((error: unknown) => {
    if (error instanceof AttuneError && error.code === 'CORRUPT') return null;
    throw error;
  });
  if (!current) return false;
  const audience = audienceOf(isGuest, null);
  return [...planInput(current, audience), ...planOutput(current, audience)].some(({ rule }) => rule.kind === 'http');
}
