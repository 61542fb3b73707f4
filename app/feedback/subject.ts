// What an item of the list is about, as the API takes it.
import { FEEDBACK_SUBJECTS } from '@/core/feedback/kinds';
import type { GivenData } from './types';

export function subjectOf(item: GivenData) {
  const about = FEEDBACK_SUBJECTS[item.kind];
  const id = `${about}Id` as const;
  return { kind: item.kind, [id]: (item as unknown as Record<string, string>)[id] };
}
