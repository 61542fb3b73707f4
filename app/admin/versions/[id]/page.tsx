// One version of the model.
import { notFound } from 'next/navigation';
import { Version } from '@/app/admin/versions/version';
import { VersionName } from '@/core/versions';

export default async function VersionPage({ params }: { params: Promise<{ id: string }> }) {
  const id = VersionName.safeParse(decodeURIComponent((await params).id));
  if (!id.success) notFound();
  return <Version id={id.data} />;
}
