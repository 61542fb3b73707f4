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

/** The commonest words of languages that share a script: those that a language has in common with another count for both. */
const COMMON: Record<string, string> = {
  en: `the and is are of to what how you it that this for with does can my your why write give me do a i an in on at by from
    he she him his her they them their we us our was were be been being has have had not no but or if so as would could
    should will just like good well one all there here who which when where about up out more think know really yes yeah ok
    please get am did go over again into now um oh ha very some any than then too also only thanks thank sure want love m s t d ll re ve don didn isn`,
  de: `der die das und ist sind wie nicht ein eine ich du mit für auf was warum bitte kann mein schreibe zu den dem des von
    einen einem einer es er sie wir ihr sich auch im am bei nach aus aber oder wenn dass hat haben war werden wird wurde noch
    nur schon mehr sehr gut mir mich dir dich uns über als an so in man um zum zur wo wer habe bin doch ja nein keine kein`,
  fr: `le la les et est sont que qui quoi comment un une je vous pour avec dans des du pourquoi mon écris ce de en il elle
    nous ils ne pas plus sur par au aux se son sa ses mais ou où si cette ces être avoir fait a ont très bien tout tu me te
    on y d l c n j qu s votre ma mes oui non peut quel quelle`,
  es: `el los las y es son qué que cómo una un por para con del mi tu escribe está puede porque lo yo como la de en no se su
    sus le les al más pero o si sí ya muy fue ser hay me te nos este esta esto ese todo también cuando donde quién cuál bien
    hola gracias tiene tengo a`,
  it: `il lo gli è sono che come perché una un per con di della mio scrivi puoi questo non cosa ho la le i del dei delle nel
    nella da al alla si su se ma o e più anche mi ti ci a in era ha hanno essere molto bene tutto quando dove chi qual quale
    ciao grazie un po`,
  pt: `o os as é são que como uma um para com do da meu você escreva não por isso em eu a e de dos das no na nos nas se ao
    mais mas ou foi ser ter tem está muito bem também quando onde quem qual seu sua me te lhe ele ela obrigado sim já`,
  nl: `de het een en is zijn wat hoe niet ik je van voor met waarom mijn schrijf kan dat op te in aan er om ook als maar of
    bij uit naar dan nog wel geen we wij hij ze zij was heb hebt heeft had worden wordt door over dit die deze veel goed waar
    wie u jij me mij hem haar zo al`,
};
const LANGUAGES = Object.entries(COMMON).map(([code, words]) => ({ code, words: new Set(words.split(/\s+/)) }));
/** One word tells nothing: "Die Hard", "Van Damme". */
const LEAST_COMMON = 2;

/** The language of most of the common words, each counted once; a word that several languages share counts for each. */
function languageOfLatin(text: string): string {
  const words = [...new Set(text.match(/\p{Letter}+/gu))];
  const counts = LANGUAGES.map(({ code, words: common }) => ({
    code,
    n: words.filter((word) => common.has(word)).length,
  }));
  const [first, second] = counts.toSorted((a, b) => b.n - a.n);
  return first!.n >= LEAST_COMMON && first!.n > second!.n ? first!.code : UNKNOWN;
}
