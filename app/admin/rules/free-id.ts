// Proposes an id for a new rule that no rule has or had.

/** The wanted id, or the first free one of `wanted-2`, `wanted-3` and so on. */
export function freeId(wanted: string, taken: readonly string[]): string {
  let id = wanted;
  for (let number = 2; taken.includes(id); number++) id = `${wanted}-${number}`;
  return id;
}
