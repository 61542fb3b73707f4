// The one writer of the record of who changed what.
import type { Executor } from './client';
import { audit } from './schema';

/** `actorId` null is the product itself. Call it inside the transaction of the change. */
export async function recordAudit(
  tx: Executor,
  actorId: string | null,
  action: string,
  subject: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  await tx.insert(audit).values({ actorId, action, subject, detail });
}
