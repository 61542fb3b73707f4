// The languages that have a list of swear words, and the script in which each writes its words.

/** As BCP 47 names them. */
export const LANGUAGES = [
  ...(['en', 'ja', 'ar', 'cs', 'da', 'de', 'es', 'fa', 'fi', 'fil', 'fr', 'hi', 'hu', 'it', 'ko'] as const),
  ...(['nl', 'no', 'pl', 'pt', 'ru', 'sv', 'th', 'tr', 'zh'] as const),
] as const;
export type Language = (typeof LANGUAGES)[number];

/** How much is masked: vulgar words and slurs; or clinical and sexual words and mild oaths, too. */
export const LEVELS = ['vulgar', 'strict'] as const;
export type Level = (typeof LEVELS)[number];
