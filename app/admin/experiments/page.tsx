// Versions side by side on real users.
import { Experiments } from '@/app/admin/experiments/experiments';

export default function ExperimentsPage() {
  return <Experiments />;
}
