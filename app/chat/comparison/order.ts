// Pure functions on an order of answers: one moves, each keeps its first number, and votes decide which comes first.

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

export interface Win {
  winner: string;
  loser: string;
}

/** Winners before losers, otherwise as given. A later win counts before an earlier one that contradicts it. */
export function orderByWins(ids: readonly string[], wins: readonly Win[]): string[] {
  const kept: Win[] = [];
  const isAbove = (one: string, other: string): boolean =>
    one === other || kept.some(({ winner, loser }) => winner === one && isAbove(loser, other));
  for (const win of wins.toReversed()) if (!isAbove(win.loser, win.winner)) kept.push(win);
  const order: string[] = [];
  const waits = (id: string) => kept.some(({ winner, loser }) => loser === id && isOpen(winner));
  const isOpen = (id: string) => ids.includes(id) && !order.includes(id);
  for (const _ of ids) order.push(ids.find((id) => isOpen(id) && !waits(id))!);
  return order;
}
