// The page on which a rater works, one task at a time.
import { Work } from '@/app/rate/work/work';

export default async function WorkPage({ searchParams }: { searchParams: Promise<{ task?: string }> }) {
  const { task } = await searchParams;
  return <Work taskId={task} />;
}
