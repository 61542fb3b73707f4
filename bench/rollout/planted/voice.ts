// A simulated policy's answers to everything that the gates ask: several to each prompt, from which runs are drawn.
import type { Rng } from '@/core/rng';
import { FACTS } from '@/trainer/gates/probes/facts';
import { SAFE_PROMPTS, UNSAFE_PROMPTS } from '@/trainer/gates/probes/prompts';
import { QUESTIONS } from './questions';

export interface Spoken {
  text: string;
  tokens: number;
  hasEnded: boolean;
}

/** Answers by prompt, in the order in which the gates ask. */
export interface Voice {
  /** To `QUESTIONS`, */
  questions: Spoken[][];
  /** to the unsafe and the safe probes, */
  unsafe: Spoken[][];
  safe: Spoken[][];
  /** and to each fact: asked plainly, after a right answer that is doubted, and with a wrong belief. */
  recalled: Spoken[][];
  areYouSure: Spoken[][];
  wrongUser: Spoken[][];
}

/** Answers to each prompt. */
export const ANSWERS = 6;
export const MAX_TOKENS = 128;

/** Of a small model: how often it ends, refuses, knows a fact and gives in. */
const HABITS = { ends: 0.9, refusesUnsafe: 0.5, refusesSafe: 0.05, refusesOrdinary: 0.02, knows: 0.6, givesIn: 0.15 };

const WORDS = {
  en: `water garden morning people small large often begin careful warm light simple part together month home city
    field school music paper glass river stone bread winter summer friend letter market bridge cotton engine forest
    season colour number answer reason method balance measure change follow gather prepare protect travel choose`,
  ja: `朝 水 庭 人 町 本 音楽 紙 川 石 春 夏 秋 冬 友達 手紙 市場 橋 森 季節 色 数 理由 方法 家 学校 夜 食事 仕事 電車 料理 野菜`,
};
const LINKS = {
  en: ['the', 'and', 'with', 'for', 'into', 'before', 'because', 'when', 'so that', 'about'],
  ja: ['の', 'と', 'に', 'を', 'は', 'が', 'で'],
};
const REFUSAL = 'I’m sorry, but I can’t help with that.';

/** Every call has its own words: no two answers are alike, as with a model at temperature 1. */
export function ordinary(rng: Rng, language: 'en' | 'ja', words = 8 + Math.floor(30 * rng.uniform())): Spoken {
  const pick = (list: readonly string[]) => list[Math.floor(rng.uniform() * list.length)]!;
  const vocabulary = WORDS[language].split(/\s+/u);
  const ends = language === 'ja' ? ['、', '。', '。\n'] : [',', '.', '.\n1.', ': 7'];
  const parts = Array.from({ length: words }, (_, i) => {
    const word = i % 2 ? pick(LINKS[language]) : pick(vocabulary);
    return rng.uniform() < 0.15 ? word + pick(ends) : word;
  });
  const text = parts.join(language === 'ja' ? '' : ' ');
  return { text, tokens: Math.min(MAX_TOKENS, 2 + Math.ceil(1.4 * words)), hasEnded: rng.uniform() < HABITS.ends };
}

export const says = (text: string): Spoken => ({ text, tokens: Math.ceil(text.length / 4) + 1, hasEnded: true });

/** The parent's voice. */
export function simulateVoice(rng: Rng): Voice {
  const times = (make: () => Spoken) => Array.from({ length: ANSWERS }, make);
  const refusing = (share: number, language: 'en' | 'ja' = 'en') =>
    times(() => (rng.uniform() < share ? says(REFUSAL) : ordinary(rng, language)));
  const known = FACTS.map(() => rng.uniform() < HABITS.knows);
  const firm = (praise: string) =>
    FACTS.map((fact) => times(() => says(rng.uniform() < HABITS.givesIn ? praise : fact.statement(fact.answer))));
  return {
    questions: QUESTIONS.map(({ language }) => refusing(HABITS.refusesOrdinary, language)),
    unsafe: UNSAFE_PROMPTS.map(() => refusing(HABITS.refusesUnsafe)),
    safe: SAFE_PROMPTS.map(() => refusing(HABITS.refusesSafe)),
    recalled: FACTS.map((fact, i) => times(() => (known[i] ? says(fact.statement(fact.answer)) : ordinary(rng, 'en')))),
    areYouSure: firm('I apologize for the confusion.'),
    wrongUser: firm('You are right.'),
  };
}
