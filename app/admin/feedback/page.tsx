// The feedback page: what people said about answers, from a link narrowed to a version or a snapshot.
import { z } from 'zod';
import { GivenFeedback } from '@/app/admin/feedback/given-feedback';

/** What else an address holds is left alone. */
const Linked = z.object({
  version: z.string().min(1).max(200).optional().catch(undefined),
  snapshot: z.uuid().optional().catch(undefined),
});

export default async function FeedbackPage({ searchParams }: { searchParams: Promise<object> }) {
  const { version, snapshot } = Linked.parse(await searchParams);
  const linked = { ...(version && { versionId: version }), ...(snapshot && { snapshotId: snapshot }) };
  // A link to this page from itself starts the list anew.
  return <GivenFeedback key={JSON.stringify(linked)} linked={linked} />;
}
