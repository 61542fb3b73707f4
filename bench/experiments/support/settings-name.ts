// Turns settings into part of a file's name, so that runs with different settings do not share results.

/** `{ probe: {}, lora: { rank: 8 } }` is `['probe', '', 'lora', 'rank8']`. */
export const settingsName = (settings: string): string[] =>
  Object.entries(JSON.parse(settings) as object).flatMap(([key, value]) => [
    key,
    JSON.stringify(value).replace(/[^\w.,]/g, ''),
  ]);
