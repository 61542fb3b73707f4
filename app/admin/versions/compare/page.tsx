// Two versions side by side, named by the address.
import { z } from 'zod';
import { Compare } from '@/app/admin/versions/compare/compare';
import { VersionName } from '@/core/versions';

const Linked = z.object({ a: VersionName.optional().catch(undefined), b: VersionName.optional().catch(undefined) });

export default async function ComparePage({ searchParams }: { searchParams: Promise<object> }) {
  const { a, b } = Linked.parse(await searchParams);
  return <Compare a={a ?? null} b={b ?? null} />;
}
