// One training run, live.
import { notFound } from 'next/navigation';
import { z } from 'zod';
import { Run } from '@/app/admin/runs/run';

export default async function RunPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!z.uuid().safeParse(id).success) notFound();
  return <Run id={id} />;
}
