// Hidden preferences of the simulated crowd: what its people like, which the product never sees but through their votes.

export interface Answer {
  text: string;
  /** It ended by itself, not at the length limit. */
  ended: boolean;
}

/** A score in [0, 1]. */
export type HiddenPreference = (answer: Answer) => number;

export const countWords = (text: string) => text.trim().split(/\s+/).filter(Boolean).length;

/** 1 between 8 and 30 words, falling linearly to 0 at 2 and at 60; an answer that was cut off scores 0. */
export const brief: HiddenPreference = ({ text, ended }) => {
  if (!ended) return 0;
  const words = countWords(text);
  if (words < 8) return Math.max(0, (words - 2) / 6);
  if (words <= 30) return 1;
  return Math.max(0, (60 - words) / 30);
};

export const PREFERENCES: Record<string, HiddenPreference> = { brief };
