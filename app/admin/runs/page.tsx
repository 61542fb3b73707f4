// Every training run, newest first.
import { Runs } from '@/app/admin/runs/runs';

export default function RunsPage() {
  return <Runs />;
}
