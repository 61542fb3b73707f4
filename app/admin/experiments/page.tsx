// The experiments page: versions compared on real users.
import { Experiments } from '@/app/admin/experiments/experiments';

export default function ExperimentsPage() {
  return <Experiments />;
}
