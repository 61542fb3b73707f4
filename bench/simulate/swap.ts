// Measures a swap as people would notice it: streams that run across a promotion, against streams without one.
import { type Api, ask } from './client';

export interface SwapFigures {
  streams: number;
  errors: number;
  /** Streams whose answer ended on a version other than the one with which it began. */
  changed: number;
  swaps: number;
  /** Longest pause inside any stream, in milliseconds, without and with a swap. */
  longestGapQuiet: number;
  longestGapSwap: number;
  /** The same for each round. */
  gapsQuiet: number[];
  gapsSwap: number[];
}

const LONG_PROMPT = 'Write a long story about a lighthouse keeper who finds a letter in a bottle.';

async function stream(people: Api[], count: number, during: () => Promise<void>) {
  const asked = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const person = people[index % people.length]!;
      const question = await ask(person, LONG_PROMPT);
      const generation = async () =>
        (await person.conversation.get.query({ id: question.conversationId })).messages.find((m) => m.generation)
          ?.generation;
      return { question, generation, before: (await generation())?.versionId };
    }),
  );
  const ends = Promise.allSettled(asked.map(({ question }) => question.received()));
  await during();
  const settled = await ends;
  const gaps = settled.flatMap((result) =>
    result.status === 'fulfilled' ? result.value.flatMap((answer) => answer.gaps) : [],
  );
  let changed = 0;
  for (const { generation, before } of asked) if ((await generation())?.versionId !== before) changed++;
  return {
    errors: settled.filter((result) => result.status === 'rejected').length,
    changed,
    longestGap: Math.max(0, ...gaps),
  };
}

/** Each swap happens while `count` streams run, after a round of as many streams without a swap. */
export async function measureSwaps(
  people: Api[],
  count: number,
  swaps: readonly (() => Promise<void>)[],
): Promise<SwapFigures> {
  const gapsQuiet: number[] = [];
  const gapsSwap: number[] = [];
  let errors = 0;
  let changed = 0;
  for (const swap of swaps) {
    const quiet = await stream(people, count, async () => {});
    const swapped = await stream(people, count, swap);
    gapsQuiet.push(Math.round(quiet.longestGap));
    gapsSwap.push(Math.round(swapped.longestGap));
    errors += swapped.errors;
    changed += swapped.changed;
  }
  const [longestGapQuiet, longestGapSwap] = [Math.max(...gapsQuiet), Math.max(...gapsSwap)];
  return { streams: count, errors, changed, swaps: swaps.length, longestGapQuiet, longestGapSwap, gapsQuiet, gapsSwap };
}
