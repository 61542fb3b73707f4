// Groups conversations into today, yesterday, the previous 7 days, and older, in the reader's time zone.

export const AGES = ['today', 'yesterday', 'week', 'older'] as const;
export type Age = (typeof AGES)[number];

const DAY_MS = 86_400_000;

export function ageOf(date: Date, now: Date): Age {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const time = date.getTime();
  if (time >= midnight) return 'today';
  if (time >= midnight - DAY_MS) return 'yesterday';
  if (time >= midnight - 7 * DAY_MS) return 'week';
  return 'older';
}

/** Groups in the order of AGES, without empty ones; the order inside each group is kept. */
export function groupByAge<T extends { updatedAt: Date }>(items: readonly T[], now: Date): { age: Age; items: T[] }[] {
  return AGES.map((age) => ({ age, items: items.filter((item) => ageOf(item.updatedAt, now) === age) })).filter(
    (group) => group.items.length > 0,
  );
}
