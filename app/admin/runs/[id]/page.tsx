// One training run, live.
import { Run } from '@/app/admin/runs/run';

export default async function RunPage({ params }: { params: Promise<{ id: string }> }) {
  return <Run id={(await params).id} />;
}
