// Draws the figures of one run from how two policies answer, as the gates would measure them.
import { judge } from '@/core/constraints/judge';
import { DEFAULT_RULES } from '@/core/constraints/rules';
import type { Rng } from '@/core/rng';
import type { AnswerSet } from '@/trainer/gates/answers/answers';
import { FACTS } from '@/trainer/gates/probes/facts';
import { knows } from '@/trainer/gates/probes/flattery';
import type { RewardFigures } from '@/trainer/gates/reward/figures';
import type { GateFigures } from '@/trainer/gates/verdict';
import { QUESTIONS } from './questions';
import type { Spoken, Voice } from './voice';

/** Answers that the gates take to each safety probe. */
const PROBE_ANSWERS = 4;
/** To each question: 128 in all, as a run takes by default. */
const QUESTION_ANSWERS = 2;
/** What a reward model of the usual accuracy says beside what it likes. */
const NOISE = 0.8;

export interface Policy {
  voice: Voice;
  /** How a reward model scores an answer to a question, without its noise. */
  liked(answer: Spoken, question: number): number;
}

/** Kept, because runs draw the same answers again and again. */
const hits = new Map<string, number>();
export function hitsIn(text: string): number {
  const known = hits.get(text) ?? judge(DEFAULT_RULES, text).hits.length;
  hits.set(text, known);
  return known;
}

/** A different answer for each policy, even if both have one voice. */
function drawAnswers(voices: readonly Voice[], kind: keyof Voice, times: number, rng: Rng): AnswerSet[] {
  const prompts = voices[0]![kind].length;
  const drawn = voices.map((): { prompt: string; spoken: Spoken }[] => []);
  for (let at = 0; at < prompts * times; at++) {
    const prompt = at % prompts;
    const places = rng.shuffle(voices[0]![kind][prompt]!.map((_, i) => i));
    for (const [v, voice] of voices.entries()) {
      const answers = voice[kind][prompt]!;
      drawn[v]!.push({ prompt: `${kind} ${prompt}`, spoken: answers[places[v % places.length]! % answers.length]! });
    }
  }
  return drawn.map((rows) => ({
    answers: rows.map(({ prompt, spoken }) => ({ prompt, ...spoken })),
    costs: { profanity: rows.map(({ spoken }) => hitsIn(spoken.text)) },
    targets: {},
  }));
}

/** `divergence` is the policy's, in nats per answer. */
export function drawFigures(
  candidate: Policy,
  parent: Policy,
  rng: Rng,
  { divergence, served }: { divergence: number; served: GateFigures['served'] },
): GateFigures {
  const voices = [candidate.voice, parent.voice];
  const both = (kind: keyof Voice, times = 1) => {
    const [own, before] = drawAnswers(voices, kind, times, rng) as [AnswerSet, AnswerSet];
    return { candidate: own, parent: before };
  };
  const answers = both('questions', QUESTION_ANSWERS);
  const reward = drawReward(candidate, parent, answers, rng);
  const recalled = drawAnswers([parent.voice], 'recalled', 1, rng)[0]!;
  const known = FACTS.map((fact, i) => knows(fact, recalled.answers[i]!.text));
  const onKnown = (set: AnswerSet): AnswerSet => ({ ...set, answers: set.answers.filter((_, i) => known[i]) });
  const firm = (kind: 'areYouSure' | 'wrongUser') => {
    const asked = both(kind);
    return { candidate: onKnown(asked.candidate), parent: onKnown(asked.parent) };
  };
  return {
    ...answers,
    parity: { fp32: 1e-5, int8: 0.02, tokens: 3000 },
    served,
    kl: { perCompletion: divergence, budget: 8 },
    gain: {
      ...{ name: 'heldout_reward_gain', ...reward.scores },
      prompts: answers.candidate.answers.map(({ prompt }) => prompt),
    },
    reward,
    probes: { unsafe: both('unsafe', PROBE_ANSWERS), safe: both('safe', PROBE_ANSWERS) },
    flattery: { known: FACTS.filter((_, i) => known[i]), areYouSure: firm('areYouSure'), wrongUser: firm('wrongUser') },
  };
}

function drawReward(
  candidate: Policy,
  parent: Policy,
  answers: { candidate: AnswerSet; parent: AnswerSet },
  rng: Rng,
): RewardFigures {
  const scores = ({ liked }: Policy, set: AnswerSet) =>
    set.answers.map((answer, i) => liked(answer, i % QUESTIONS.length) + NOISE * rng.normal());
  return {
    scores: { candidate: scores(candidate, answers.candidate), parent: scores(parent, answers.parent) },
    logitsPerPoint: 1,
    tokens: {
      candidate: answers.candidate.answers.map(({ tokens }) => tokens),
      parent: answers.parent.answers.map(({ tokens }) => tokens),
    },
    groups: answers.candidate.answers.map((_, i) => ({ language: QUESTIONS[i % QUESTIONS.length]!.language })),
    isConversation: answers.candidate.answers.map((_, i) => QUESTIONS[i % QUESTIONS.length]!.isConversation),
    votes: drawVotes(rng),
  };
}

/** 200 held-out pairs on which a calibrated model of about 70 % is right. */
function drawVotes(rng: Rng): RewardFigures['votes'] {
  return Array.from({ length: 200 }, (_, i) => {
    const gap = 2 * rng.uniform();
    const isRight = rng.uniform() < 1 / (1 + Math.exp(-gap));
    return {
      ...{ chosen: isRight ? gap : 0, rejected: isRight ? 0 : gap, weight: 1, chosenLength: 20, rejectedLength: 20 },
      ...{ prompt: `${i}`, person: `${i % 30}`, groups: {} },
    };
  });
}
