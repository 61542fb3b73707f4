// Defines the simulated crowd's hidden preferences, which the product sees only through votes.
import { countWords } from '@/core/text/text';

export interface Answer {
  text: string;
  /** The model ended it before the length limit. */
  ended: boolean;
}

/** A score in [0, 1]. */
export type HiddenPreference = (answer: Answer) => number;

/** 1 between 8 and 30 words, falling linearly to 0 at 2 and at 60; an answer that was cut off scores 0. */
export const brief: HiddenPreference = ({ text, ended }) => {
  if (!ended) return 0;
  const words = countWords(text);
  if (words < 8) return Math.max(0, (words - 2) / 6);
  if (words <= 30) return 1;
  return Math.max(0, (60 - words) / 30);
};

const FRIENDLY_WORD =
  /\b(?:hi|hello|hey|welcome|thanks?|thank you|please|glad|happy|happily|great|good|wonderful|lovely|nice|kind|kindly|dear|friend(?:ly|s)?|enjoy|enjoyable|love|hope|sure|of course|feel free|help|helpful|fun|best|beautiful|delicious|perfect|amazing|awesome|fantastic|excellent|excited|exciting|pleasure|appreciate|warm|congratulations|well done|cheers|absolutely|certainly)\b/giu;
/** More signs add nothing: a row of exclamation marks is not kinder than six. */
const MOST_SIGNS = 6;

/** Friendly words and "!" of an answer, at most six of them, halved: 0 to 3 points. */
export const friendliness = (text: string): number =>
  Math.min(MOST_SIGNS, (text.match(FRIENDLY_WORD)?.length ?? 0) + (text.match(/!/gu)?.length ?? 0)) / 2;

/** Friendliness as a score in [0, 1], whether or not the answer ended. */
export const friendly: HiddenPreference = ({ text }) => friendliness(text) / (MOST_SIGNS / 2);

export const PREFERENCES: Record<string, HiddenPreference> = { brief, friendly };
