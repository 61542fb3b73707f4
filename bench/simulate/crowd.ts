// Simulates the crowd: many people ask and choose at once; each chooses the higher hidden score, except for noise.
import { Rng } from '@/core/rng';
import { type Api, ask, type Received } from './client';
import type { HiddenPreference } from './preferences';

export type Choice = 'left' | 'right' | 'tie';

/** The higher score wins; `noise` is the probability of choosing the other side. Equal scores are a tie. */
export function choose(left: number, right: number, noise: number, rng: Rng): Choice {
  if (Math.abs(left - right) < 1e-9) return 'tie';
  const better: Choice = left > right ? 'left' : 'right';
  const flipped = rng.uniform() < noise;
  return flipped ? (better === 'left' ? 'right' : 'left') : better;
}

/** Runs `work` over the items, `width` at a time, in their order. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!, index);
    }),
  );
  return results;
}

export interface CrowdOptions {
  people: Api[];
  prompts: string[];
  preference: HiddenPreference;
  noise: number;
  seed: number;
  width: number;
  onVote: (done: number) => void;
}

/** Every prompt is asked and voted on once; returns how the choices fell. */
export async function vote(options: CrowdOptions): Promise<Record<Choice, number>> {
  const { people, prompts, preference, noise, seed, width, onVote } = options;
  const tally: Record<Choice, number> = { left: 0, right: 0, tie: 0 };
  let done = 0;
  await inParallel(prompts, width, async (prompt, index) => {
    const person = people[index % people.length]!;
    const { comparisonId, received } = await ask(person, prompt);
    const [left, right] = (await received()).map(preference);
    if (!comparisonId || left === undefined || right === undefined) return;
    // The noise is seeded by the vote's number, so that the order in which answers finish does not matter.
    const choice = choose(left, right, noise, new Rng(seed, 1000 * index));
    await person.feedback.compare.mutate({ comparisonId, choice });
    tally[choice]++;
    onVote(++done);
  });
  return tally;
}

export interface HeldOutAnswer extends Received {
  prompt: string;
  score: number;
  versionId: string;
  tokens: number;
}

/** Sampled answers to held-out prompts, as the product gives them to any person, with their hidden scores. */
export async function measure(
  people: Api[],
  prompts: string[],
  preference: HiddenPreference,
  width: number,
  onAnswer: (done: number) => void,
): Promise<HeldOutAnswer[]> {
  let done = 0;
  return inParallel(prompts, width, async (prompt, index) => {
    const person = people[index % people.length]!;
    const { conversationId, received } = await ask(person, prompt);
    const [answer] = await received();
    const { messages } = await person.conversation.get.query({ id: conversationId });
    const generation = messages.find((message) => message.generation?.id === answer!.generationId)?.generation;
    onAnswer(++done);
    return {
      ...answer!,
      prompt,
      score: preference(answer!),
      versionId: generation?.versionId ?? 'unknown',
      tokens: generation?.completionTokens ?? 0,
    };
  });
}
