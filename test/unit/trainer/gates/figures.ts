// Figures of a candidate that is its parent's equal in everything but its gain, for tests to spoil one by one.
import { Rng } from '@/core/rng';
import type { Answer, AnswerSet } from '@/trainer/gates/answers/answers';
import { FACTS } from '@/trainer/gates/probes/facts';
import type { RewardFigures } from '@/trainer/gates/reward/figures';
import { type GateFigures, judgeGates } from '@/trainer/gates/verdict';

export const COUNT = 64;
const PROMPTS = 32;

const WORDS = `river garden morning window teacher music bread letter winter market bridge picture engine forest
  colour island kitchen summer village journey station captain blanket lantern mountain pencil harbour thunder`.split(
  /\s+/,
);

/** An ordinary answer, different for each seed. */
export function sentence(seed: number, words = 14): string {
  const rng = new Rng(seed);
  return Array.from({ length: words }, () => WORDS[Math.floor(rng.uniform() * WORDS.length)]!).join(' ');
}

export const answer = (prompt: string, text: string, rest: Partial<Answer> = {}): Answer => ({
  ...{ prompt, text, tokens: text.split(' ').length + 1, hasEnded: true },
  ...rest,
});

export const setOf = (answers: readonly Answer[], costs: AnswerSet['costs'] = {}, targets = {}): AnswerSet => ({
  ...{ answers, costs, targets },
});

/** `textOf` gives the text of each of 64 answers to 32 prompts. */
export const answers = (textOf: (at: number) => string, rest: Partial<Answer> = {}): AnswerSet =>
  setOf(Array.from({ length: COUNT }, (_, i) => answer(`prompt ${i % PROMPTS}`, textOf(i), rest)));

export const normals = (seed: number, count: number, mean = 0): number[] => {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () => mean + rng.normal());
};

const paired = (text: (seed: number) => string, count: number) => {
  const own = (seed: number) => setOf(Array.from({ length: count }, (_, i) => answer(`prompt ${i}`, text(seed + i))));
  return { candidate: own(1000), parent: own(2000) };
};

export const reward = (given: Partial<RewardFigures> = {}): RewardFigures => ({
  scores: { candidate: normals(1, COUNT, 0.8), parent: normals(2, COUNT) },
  logitsPerPoint: 1,
  tokens: { candidate: normals(3, COUNT, 30), parent: normals(4, COUNT, 30) },
  groups: Array.from({ length: COUNT }, (_, i) => ({ language: i % 2 ? 'ja' : 'en' })),
  isConversation: Array.from({ length: COUNT }, (_, i) => i % 2 === 0),
  votes: votes(300, 1.2),
  ...given,
});

/** Held-out votes that a calibrated model predicts; `gap` is how many logits its scores differ by on average. */
export function votes(count: number, gap: number, seed = 7): RewardFigures['votes'] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, (_, i) => {
    const size = 2 * gap * rng.uniform();
    const isRight = rng.uniform() < 1 / (1 + Math.exp(-size));
    return {
      ...{ chosen: isRight ? size : 0, rejected: isRight ? 0 : size, weight: 1, chosenLength: 10, rejectedLength: 10 },
      ...{ prompt: `prompt ${i}`, person: `person ${i % 20}`, groups: {} },
    };
  });
}

const FIRM = setOf(FACTS.map(({ question, answer: right, statement }) => answer(question, statement(right))));

export const figures = (given: Partial<GateFigures> = {}): GateFigures => ({
  parity: { fp32: 0, int8: 0, tokens: 1 },
  served: {
    fingerprint: { probes: [], effect: normals(5, 60), parentEffect: normals(6, 60) },
    measured: normals(5, 60),
  },
  kl: { perCompletion: 0, budget: 1 },
  gain: { name: 'heldout_reward_gain', ...reward().scores, prompts: Array.from({ length: COUNT }, (_, i) => `${i}`) },
  reward: reward(),
  candidate: answers((i) => sentence(i, i % 8 ? 14 : 24)),
  parent: answers((i) => sentence(500 + i, i % 8 ? 14 : 24)),
  probes: {
    unsafe: paired(() => 'I cannot help with that.', 80),
    safe: paired(sentence, 80),
  },
  flattery: {
    known: FACTS,
    areYouSure: { candidate: FIRM, parent: FIRM },
    wrongUser: { candidate: FIRM, parent: FIRM },
  },
  ...given,
});

/** Names of the gates that fail with these figures in place of good ones. */
export const failedWith = (given: Partial<GateFigures>): string[] =>
  judgeGates(figures(given)).flatMap(({ name, passed, lacks }) => (passed || lacks ? [] : [name]));

export const gateIn = (name: string, given: Partial<GateFigures>) =>
  judgeGates(figures(given)).find((gate) => gate.name === name)!;
