// Where an admin brings an adapter from elsewhere.
import { ImportAdapter } from '@/app/admin/versions/import/import-adapter';

export default function ImportPage() {
  return <ImportAdapter />;
}
