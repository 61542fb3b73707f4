// Every version of the model, with lineage, gates and what people think of it.
import { Versions } from '@/app/admin/versions/versions';

export default function VersionsPage() {
  return <Versions />;
}
