// Who did what, and when; from a link narrowed to a subject or an area.
import { z } from 'zod';
import { Audit } from '@/app/admin/audit/audit';
import { AUDIT_AREAS } from '@/core/audit-actions';

/** What else an address holds is left alone. */
const Linked = z.object({
  subject: z.string().min(1).max(200).optional().catch(undefined),
  area: z.enum(AUDIT_AREAS).optional().catch(undefined),
});

export default async function AuditPage({ searchParams }: { searchParams: Promise<object> }) {
  const { subject, area } = Linked.parse(await searchParams);
  const linked = { ...(subject && { subject }), ...(area && { area }) };
  return <Audit key={JSON.stringify(linked)} linked={linked} />;
}
