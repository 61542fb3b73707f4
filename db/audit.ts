// Writes the record of who changed what; nothing else writes to it.
import type { AuditAction } from '@/core/audit-actions';
import type { Executor } from './client';
import { audit } from './schema';

/** Call it inside the transaction of the change. If `actorId` is null, the actor is the product itself. */
export async function recordAudit(
  tx: Executor,
  actorId: string | null,
  action: AuditAction,
  subject: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  await tx.insert(audit).values({ actorId, action, subject, detail });
}
