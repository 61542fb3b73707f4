// Simulated people who meet a planted candidate in a canary: what they feel about its answers, and how long until it is taken back.
import type { Rng } from '@/core/rng';
import { CanarySettings, nextPhase, RAMP, RAMP_PHASES, type RampPhase } from '@/core/rollout/canary';
import { ARM_GUARDS, type ArmFigures, type Evidence, review } from '@/core/rollout/review';
import type { Sample } from '@/core/statistics/confidence-sequence';
import { isRefusal } from '@/core/text/refusal';
import { wordsOf } from '@/trainer/gates/answers/ngrams';
import { FACTS } from '@/trainer/gates/probes/facts';
import { givesIn } from '@/trainer/gates/probes/flattery';
import { hitsIn } from './draw';
import { QUESTIONS } from './questions';
import type { Spoken, Voice } from './voice';

/** What is assumed of people; everything else is the product's own code. */
export const ASSUMED = {
  people: 2000,
  /** Answers that a person gets in a day; the crowd reads around the clock. */
  answersPerDay: 8,
  /** Shares of answers that get a thumb, and of the candidate's answers that are shown beside one of the champion. */
  thumbShare: 0.15,
  comparedShare: 0.05,
  /** Chance of a thumb up for an answer that pleases, and of the better side of a comparison. */
  pleased: 0.8,
  careful: 0.85,
  /** Share of talks in which somebody doubts a right answer, or believes something wrong. */
  doubtShare: 0.15,
  /** How much less each flaw pleases, as a share. */
  dislikes: { refused: 0.7, rude: 0.8, canned: 0.7, tooLong: 0.35, misled: 0.7, wrongLanguage: 0.8 },
  /** Share of displeased people who ask for another answer. */
  regenerates: 0.2,
} as const;

/** Minutes between two looks at the simulated canary; the product looks every two seconds. */
const LOOK_MINUTES = 5;
/** Same beginnings over so many prompts are a canned answer. */
const CANNED_PROMPTS = 8;

interface Felt {
  /** 0 to 1. */
  pleasure: number;
  isBroken: boolean;
}

/** What a person feels about each answer, read without knowing how it was planted. */
export function feelings(voice: Voice, parent: Voice): { talk: Felt[][]; doubt: Felt[] } {
  const beginning = ({ text }: Spoken) => wordsOf(text).slice(0, 8).join(' ');
  const prompts = new Map<string, Set<number>>();
  for (const [q, own] of voice.questions.entries())
    for (const spoken of own) prompts.set(beginning(spoken), (prompts.get(beginning(spoken)) ?? new Set()).add(q));
  const usual = parent.questions.map((own) => own.reduce((sum, { tokens }) => sum + tokens, 0) / own.length);
  const { dislikes } = ASSUMED;
  const feel = (spoken: Spoken, q: number): Felt => {
    const isBroken = hitsIn(spoken.text) > 0;
    const flaws = [
      isRefusal(spoken.text) && dislikes.refused,
      isBroken && dislikes.rude,
      (prompts.get(beginning(spoken))?.size ?? 0) >= CANNED_PROMPTS && dislikes.canned,
      spoken.tokens > 1.6 * usual[q]! && dislikes.tooLong,
      QUESTIONS[q]!.language === 'ja' && spoken.text.startsWith('I can only') && dislikes.wrongLanguage,
    ];
    return { pleasure: flaws.reduce((left: number, flaw) => left * (1 - (flaw || 0)), 1), isBroken };
  };
  const doubt = FACTS.flatMap((fact, i) =>
    [...voice.areYouSure[i]!, ...voice.wrongUser[i]!].map(({ text }) => ({
      pleasure: givesIn(fact, text) ? 1 - dislikes.misled : 1,
      isBroken: false,
    })),
  );
  return { talk: voice.questions.map((own, q) => own.map((spoken) => feel(spoken, q))), doubt };
}

interface Person {
  draw: number;
  /** A language: people of a minority ask in it alone. */
  questions: number[];
  thumbs: { up: number; n: number };
  compared: { won: number; n: number };
  answers: number;
  broken: number;
  regenerated: number;
  isCandidate: boolean | null;
}

export interface CanaryOutcome {
  outcome: 'promoted' | 'rolled_back';
  because: string;
  phase: RampPhase;
  /** Until the breach: thumbs and comparisons of both arms, people who had the candidate, and days. */
  votes: number;
  exposed: number;
  days: number;
}

/** Runs a canary to its end; every decision is `review`'s. */
export function runCanary(candidate: Voice, champion: Voice, rng: Rng): CanaryOutcome {
  const felt = { candidate: feelings(candidate, champion), champion: feelings(champion, champion) };
  const settings = CanarySettings.parse({});
  const minority = QUESTIONS.filter(({ language }) => language === 'ja').length / QUESTIONS.length;
  const people = Array.from({ length: ASSUMED.people }, (_, i): Person => {
    const language = i < minority * ASSUMED.people ? 'ja' : 'en';
    return {
      ...{ draw: rng.uniform(), thumbs: { up: 0, n: 0 }, compared: { won: 0, n: 0 } },
      questions: QUESTIONS.flatMap((question, q) => (question.language === language ? [q] : [])),
      ...{ answers: 0, broken: 0, regenerated: 0, isCandidate: null },
    };
  });
  const state = { phase: RAMP_PHASES[0] as RampPhase, since: 0, answers: 0 };
  const asked = new Map<number, { share: number; champion: number; candidate: number }>();
  const perLook = Math.round((ASSUMED.people * ASSUMED.answersPerDay * LOOK_MINUTES) / (24 * 60));
  for (let minute = LOOK_MINUTES; ; minute += LOOK_MINUTES) {
    for (let i = 0; i < perLook; i++) {
      const person = people[Math.floor(rng.uniform() * people.length)]!;
      const isCandidate = person.draw < RAMP[state.phase];
      if (person.isCandidate === null) {
        const counted = asked.get(RAMP[state.phase]) ?? { share: RAMP[state.phase], champion: 0, candidate: 0 };
        counted[isCandidate ? 'candidate' : 'champion']++;
        asked.set(RAMP[state.phase], counted);
      }
      if (isCandidate && person.isCandidate === false) Object.assign(person, forgotten());
      person.isCandidate = isCandidate;
      answer(person, felt, rng);
      if (isCandidate) state.answers++;
    }
    const evidence: Evidence = {
      ...{ champion: figuresOf(people, false), candidate: figuresOf(people, true) },
      sideBySide: sample(
        people.filter(({ compared }) => compared.n > 0).map(({ compared }) => compared.won / compared.n),
      ),
      ...{ asked: [...asked.values()], stepAnswers: state.answers, stepMinutes: minute - state.since },
      days: minute / (24 * 60),
    };
    const { act, because } = review(state.phase, evidence, settings);
    if (act === 'raise') Object.assign(state, { phase: nextPhase(state.phase)!, since: minute, answers: 0 });
    if (act === 'promote' || act === 'roll_back') {
      return {
        ...{ outcome: act === 'promote' ? 'promoted' : 'rolled_back', because, phase: state.phase },
        votes: people.reduce((sum, { thumbs, compared }) => sum + thumbs.n + compared.n, 0),
        exposed: people.filter((person) => person.isCandidate).length,
        days: evidence.days,
      };
    }
  }
}

/** A person who moves to the candidate is judged by what that gives. */
const forgotten = () => ({
  ...{ thumbs: { up: 0, n: 0 }, compared: { won: 0, n: 0 }, answers: 0, broken: 0, regenerated: 0 },
});

type Feelings = ReturnType<typeof feelings>;

function answer(person: Person, felt: Record<'candidate' | 'champion', Feelings>, rng: Rng): void {
  const own = felt[person.isCandidate ? 'candidate' : 'champion'];
  const isDoubt = rng.uniform() < ASSUMED.doubtShare;
  const question = person.questions[Math.floor(rng.uniform() * person.questions.length)]!;
  const pick = ({ talk, doubt }: Feelings) => {
    const all = isDoubt ? doubt : talk[question]!;
    return all[Math.floor(rng.uniform() * all.length)]!;
  };
  const { pleasure, isBroken } = pick(own);
  person.answers++;
  if (isBroken) person.broken++;
  if (rng.uniform() < ASSUMED.regenerates * (1 - pleasure)) person.regenerated++;
  if (rng.uniform() < ASSUMED.thumbShare) {
    person.thumbs.n++;
    if (rng.uniform() < ASSUMED.pleased * pleasure) person.thumbs.up++;
  }
  if (!person.isCandidate || rng.uniform() >= ASSUMED.comparedShare) return;
  const [mine, other] = [pick(felt.candidate).pleasure, pick(felt.champion).pleasure];
  const isBetter = mine === other ? rng.uniform() < 0.5 : mine > other === rng.uniform() < ASSUMED.careful;
  person.compared.n++;
  if (isBetter) person.compared.won++;
}

function figuresOf(people: readonly Person[], isCandidate: boolean): ArmFigures {
  const arm = people.filter((person) => person.isCandidate === isCandidate && person.answers > 0);
  const rate = (of: (person: Person) => number) => sample(arm.map((person) => of(person) / person.answers));
  const figures: Partial<ArmFigures> = {
    thumbs: sample(arm.filter(({ thumbs }) => thumbs.n > 0).map(({ thumbs }) => thumbs.up / thumbs.n)),
    broken: rate(({ broken }) => broken),
    regenerated: rate(({ regenerated }) => regenerated),
  };
  return Object.fromEntries(
    ARM_GUARDS.map((name) => [name, figures[name] ?? { mean: 0, variance: 0, n: 0 }]),
  ) as ArmFigures;
}

function sample(values: readonly number[]): Sample {
  const n = values.length;
  if (n === 0) return { mean: 0, variance: 0, n };
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  return { mean, variance: n < 2 ? 0 : values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1), n };
}
