// In the place of the policy stage for an adapter from elsewhere: it is the candidate as it is.
import type { Run } from '@/trainer/runs/context';
import type { Trained } from './policy';

/** null for a run that trains its policy. */
export function adoptImported({ imported, home }: Run): Trained | null {
  if (imported === null) return null;
  const { fileName } = home.order.imported!.facts;
  return { adapter: imported, verdict: [{ code: 'imported', file: fileName }] };
}
