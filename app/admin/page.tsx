// The first page of the administration.
import { Overview } from '@/app/admin/overview';

export default function AdminPage() {
  return <Overview />;
}
