// Measures a swap as people would feel it: streams that run across a promotion, against streams that run without one.
import { type Api, ask } from './client';

export interface SwapFigures {
  streams: number;
  errors: number;
  /** Streams whose answer ended on another version than it began on. */
  changed: number;
  /** Longest pause inside any stream, in milliseconds, without and with the swap. */
  longestGapQuiet: number;
  longestGapSwap: number;
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

/** `swap` runs while `count` streams do. */
export async function measureSwap(people: Api[], count: number, swap: () => Promise<void>): Promise<SwapFigures> {
  const quiet = await stream(people, count, async () => {});
  const swapped = await stream(people, count, swap);
  return {
    streams: count,
    errors: swapped.errors,
    changed: swapped.changed,
    longestGapQuiet: Math.round(quiet.longestGap),
    longestGapSwap: Math.round(swapped.longestGap),
  };
}
