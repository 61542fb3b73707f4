// Pure functions on an order of answers: one moves, and each keeps the number under which it was first shown.

/** `by` places towards the end, or towards the beginning if negative; it stops there. */
export function moved(order: readonly string[], id: string, by: number): string[] {
  const from = order.indexOf(id);
  const rest = order.filter((other) => other !== id);
  const to = Math.min(Math.max(from + by, 0), rest.length);
  return [...rest.slice(0, to), id, ...rest.slice(to)];
}

/** From 1. */
export const placesOf = (ids: readonly string[]): ReadonlyMap<string, number> =>
  new Map(ids.map((id, i) => [id, i + 1]));
