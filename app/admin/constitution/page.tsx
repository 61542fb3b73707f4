// The principles by which judges label.
import { ConstitutionPage } from '@/app/admin/constitution/constitution';

export default function Page() {
  return <ConstitutionPage />;
}
