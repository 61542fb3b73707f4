// Who uses the product, and who administers it.
import { Users } from '@/app/admin/users/users';

export default function UsersPage() {
  return <Users />;
}
