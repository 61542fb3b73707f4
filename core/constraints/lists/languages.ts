// The languages that have a list of swear words, and the script in which each writes its words.

/** As BCP 47 names them. A language is here once its list has been read for words that are ordinary in talk. */
export const LANGUAGES = ['en', 'ja', 'de', 'es', 'fr', 'it', 'ko', 'nl', 'pl', 'pt', 'ru', 'sv', 'th', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** How much is masked: vulgar words and slurs; or clinical and sexual words and mild oaths, too. */
export const LEVELS = ['vulgar', 'strict'] as const;
export type Level = (typeof LEVELS)[number];
