// Keeps, in this browser, the answers that a person left while they were written, until they return or an hour passes.

const KEY = 'attune-left-answers';
const AN_HOUR_MS = 3_600_000;

type Left = Record<string, number>;

function read(): Left {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Left;
  } catch {
    // Storage that is blocked or holds something else is the same as an empty one.
    return {};
  }
}

function write(left: Left): void {
  try {
    if (Object.keys(left).length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(left));
  } catch {
    // Blocked storage: the signal is lost, which costs nothing.
  }
}

/** `now` in milliseconds. */
export function keepLeft(generationIds: readonly string[], now: number): void {
  if (generationIds.length > 0) write({ ...read(), ...Object.fromEntries(generationIds.map((id) => [id, now])) });
}

export function returnTo(generationIds: readonly string[]): void {
  const left = read();
  if (!generationIds.some((id) => id in left)) return;
  write(Object.fromEntries(Object.entries(left).filter(([id]) => !generationIds.includes(id))));
}

/** Those left over an hour ago, once. */
export function takeAbandoned(now: number): string[] {
  const left = Object.entries(read());
  const isOver = ([, at]: [string, number]) => now - at > AN_HOUR_MS;
  const abandoned = left.filter(isOver).map(([id]) => id);
  if (abandoned.length > 0) write(Object.fromEntries(left.filter((entry) => !isOver(entry))));
  return abandoned;
}
