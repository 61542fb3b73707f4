// Simulates the crowd: many people ask and choose at once, each as its archetype does.
import { Rng } from '@/core/rng';
import { ARCHETYPES, type ArchetypeName, type Choice } from './archetypes';
import { type Api, ask, type Received } from './client';
import type { HiddenPreference } from './preferences';

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

/** The model's own distribution, so that answers to one prompt differ. */
export const plainSampling = (maxTokens: number) => ({
  temperature: 1,
  topK: 0,
  topP: 1,
  repetitionPenalty: 1,
  maxTokens,
});

export interface CrowdOptions {
  people: Api[];
  /** One for each person. */
  archetypes: ArchetypeName[];
  prompts: string[];
  preference: HiddenPreference;
  noise: number;
  seed: number;
  width: number;
  onVote: (done: number) => void;
}

/** How the choices of each archetype fell. */
export type Tally = Partial<Record<ArchetypeName, Record<Choice, number>>>;

/** Every prompt is asked and voted on once. */
export async function vote(options: CrowdOptions): Promise<Tally> {
  const { prompts, width, onVote } = options;
  const tally: Tally = {};
  let done = 0;
  await inParallel(prompts, width, async (prompt, index) => {
    const cast = await voteOnce(options, prompt, index);
    if (!cast) return;
    tally[cast.archetype] ??= { left: 0, right: 0, tie: 0, both_bad: 0 };
    tally[cast.archetype]![cast.choice]++;
    onVote(++done);
  });
  return tally;
}

/** The person whose turn it is asks, and votes if the product shows two answers; null if it shows one. */
export async function voteOnce(
  { people, archetypes, preference, noise, seed }: Omit<CrowdOptions, 'prompts' | 'width' | 'onVote'>,
  prompt: string,
  index: number,
): Promise<{ archetype: ArchetypeName; choice: Choice } | null> {
  const person = people[index % people.length]!;
  const archetype = archetypes[index % people.length]!;
  const { comparisonId, received } = await ask(person, prompt);
  const [left, right] = await received();
  if (!comparisonId || left === undefined || right === undefined) return null;
  // The noise is seeded by the vote's number, so that the order in which answers finish does not matter.
  const rng = new Rng(seed, 1000 * index);
  const choice = ARCHETYPES[archetype]({ left, right }, { preference, noise, rng });
  await person.feedback.give.mutate({ kind: 'comparison', comparisonId, value: { choice } });
  return { archetype, choice };
}

export interface HeldOutAnswer extends Received {
  prompt: string;
  score: number;
  versionId: string;
  tokens: number;
}

/** Sampled answers to held-out prompts, as the product gives them to any person, with their hidden scores. Trains nothing. */
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
    const { conversationId, received } = await ask(person, prompt, false);
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
