// One snapshot: what a run was trained on.
import { notFound } from 'next/navigation';
import { z } from 'zod';
import { Snapshot } from '@/app/admin/snapshots/snapshot';

export default async function SnapshotPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!z.uuid().safeParse(id).success) notFound();
  return <Snapshot id={id} />;
}
