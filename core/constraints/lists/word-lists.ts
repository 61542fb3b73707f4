// The swear words of a language at a level: kept lists without the words that are ordinary in talk.
import { cuss } from 'cuss';
import naughtyWords from 'naughty-words';
import profaneWords from 'profane-words';
import { normalise } from '../words/characters';
import { ADDED } from './english-additions';
import { ORDINARY, STRICT, UNSAID } from './english-exceptions';
import { EXCEPTIONS, type Exceptions } from './exceptions';
import type { Language, Level } from './languages';

/** As cuss rates a word that is profane in every use. */
const SURE = 2;
/** Shorter words of English, once repeated letters are one, are too often abbreviations; obscenity's list has those that count. */
const LEAST_LETTERS = 4;

const english: Exceptions = { ordinary: ORDINARY, strict: [...STRICT, ...UNSAID] };

/** Words and phrases, each to be found as a whole. */
export function swearWordsOf(language: Language, level: Level): string[] {
  const { ordinary, strict } = language === 'en' ? english : EXCEPTIONS[language];
  // As the scanner reads them: "brea5t" is left out with "breast".
  const left = new Set([...ordinary, ...(level === 'vulgar' ? strict : [])].map((word) => normalise(word).join()));
  const listed = language === 'en' ? englishLists() : (naughtyWords[language] ?? []);
  const words = [...listed, ...(level === 'strict' ? strict : [])].map((word) => word.toLowerCase());
  return [...new Set(words)].filter((word) => !left.has(normalise(word).join()));
}

function englishLists(): string[] {
  const sure = Object.keys(cuss).filter((word) => cuss[word] === SURE);
  return [...(naughtyWords.en ?? []), ...profaneWords, ...sure, ...ADDED].filter(
    (word) => normalise(word.replace(/[^\p{L}\p{N}@$!+*]/gu, '')).length >= LEAST_LETTERS,
  );
}
