// Who did what, and when.
import { Audit } from '@/app/admin/audit/audit';

export default function AuditPage() {
  return <Audit />;
}
