// Puts small groups together, so that no statistic tells about few people.

/** A group of fewer people is never shown by itself, in any statistic or on any public page. */
export const FEWEST_PEOPLE = 5;

export interface Folded<Item> {
  /** null for what small groups have together. */
  value: string | null;
  people: number;
  items: Item[];
}

/**
 * Items by group, where the smallest groups are one until they have FEWEST_PEOPLE, so that neither a small group nor the
 * difference from the whole tells about few. Empty if all together have fewer.
 */
export function foldSmall<Item extends { person: string }>(
  groups: ReadonlyMap<string, readonly Item[]>,
): Folded<Item>[] {
  const peopleOf = (items: readonly Item[]) => new Set(items.map(({ person }) => person)).size;
  const bySize = [...groups]
    .map(([value, items]): Folded<Item> => ({ value, people: peopleOf(items), items: [...items] }))
    .sort((a, b) => a.people - b.people || ((a.value ?? '') < (b.value ?? '') ? -1 : 1));
  const large = bySize.filter(({ people }) => people >= FEWEST_PEOPLE);
  const small = bySize.filter(({ people }) => people < FEWEST_PEOPLE).flatMap(({ items }) => items);
  if (small.length === 0) return large;
  while (peopleOf(small) < FEWEST_PEOPLE) {
    const next = large.shift();
    if (!next) return [];
    small.push(...next.items);
  }
  return [...large, { value: null, people: peopleOf(small), items: small }];
}
