// Guesses the language of a text from its script and, for scripts that many languages share, from its commonest words.

/** The code of ISO 639-1, or `und` if the text has too few words to tell. */
export function languageOf(text: string): string {
  const shares = SCRIPTS.map(({ pattern, weight, languageOf }) => ({
    letters: weight * (text.match(pattern)?.length ?? 0),
    languageOf,
  }));
  const most = shares.reduce((a, b) => (b.letters > a.letters ? b : a));
  return most.letters === 0 ? UNKNOWN : most.languageOf(text.toLowerCase());
}

export const UNKNOWN = 'und';

interface Script {
  pattern: RegExp;
  /** Letters of an alphabet that one character says as much as. */
  weight: number;
  languageOf(text: string): string;
}

const SCRIPTS: Script[] = [
  {
    pattern: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]/gu,
    weight: 3,
    languageOf: (text) => (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text) ? 'ja' : 'zh'),
  },
  { pattern: /\p{Script=Hangul}/gu, weight: 2, languageOf: () => 'ko' },
  { pattern: /\p{Script=Cyrillic}/gu, weight: 1, languageOf: (text) => (/[іїєґ]/u.test(text) ? 'uk' : 'ru') },
  { pattern: /\p{Script=Arabic}/gu, weight: 1, languageOf: (text) => (/[پچژگ]/u.test(text) ? 'fa' : 'ar') },
  { pattern: /\p{Script=Greek}/gu, weight: 1, languageOf: () => 'el' },
  { pattern: /\p{Script=Hebrew}/gu, weight: 1, languageOf: () => 'he' },
  { pattern: /\p{Script=Devanagari}/gu, weight: 1, languageOf: () => 'hi' },
  { pattern: /\p{Script=Thai}/gu, weight: 1, languageOf: () => 'th' },
  { pattern: /\p{Script=Latin}/gu, weight: 1, languageOf: languageOfLatin },
];

/** Words that are common in one of these languages and rare in the others. */
const COMMON: Record<string, string> = {
  en: 'the and is are of to what how you it that this for with does can my your why write give me do',
  de: 'der die das und ist sind wie nicht ein eine ich du mit für auf was warum bitte kann mein schreibe zu den',
  fr: 'le la les et est sont que qui quoi comment un une je vous pour avec dans des du pourquoi mon écris ce',
  es: 'el los las y es son qué cómo una por para con del mi tu escribe está puede porque lo yo como',
  it: 'il lo gli è sono che come perché una per con di della mio scrivi puoi questo non cosa ho',
  pt: 'o os as é são que como uma para com do da meu você escreva não por isso em eu',
  nl: 'de het een en is zijn wat hoe niet ik je van voor met waarom mijn schrijf kan dat op',
};
const LANGUAGES = Object.entries(COMMON).map(([code, words]) => ({ code, words: new Set(words.split(' ')) }));

/** The language of most of the common words; a word that several languages share counts for each. */
function languageOfLatin(text: string): string {
  const words = text.match(/\p{Letter}+/gu) ?? [];
  const counts = LANGUAGES.map(({ code, words: common }) => ({
    code,
    n: words.filter((word) => common.has(word)).length,
  }));
  const [first, second] = counts.toSorted((a, b) => b.n - a.n);
  return first!.n > second!.n ? first!.code : UNKNOWN;
}
