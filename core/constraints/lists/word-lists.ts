// The swear words of a language at a level: kept lists without the words that are ordinary in talk.
import { cuss } from 'cuss';
import naughtyWords from 'naughty-words';
import profaneWords from 'profane-words';
import { ORDINARY, STRICT } from './english-exceptions';
import { EXCEPTIONS, type Exceptions } from './exceptions';
import type { Language, Level } from './languages';

/** As cuss rates a word that is profane in every use. */
const SURE = 2;
/** Shorter words of English are too often abbreviations; obscenity's list has those that count. */
const LEAST_LETTERS = 4;

const english: Exceptions = { ordinary: ORDINARY, strict: STRICT };

/** Words and phrases, each to be found as a whole. */
export function swearWordsOf(language: Language, level: Level): string[] {
  const { ordinary, strict } = language === 'en' ? english : (EXCEPTIONS[language] ?? { ordinary: [], strict: [] });
  const left = new Set([...ordinary, ...(level === 'vulgar' ? strict : [])].map((word) => word.toLowerCase()));
  const listed = language === 'en' ? englishLists() : (naughtyWords[language] ?? []);
  const added = level === 'strict' ? strict : [];
  const words = [...listed, ...added].map((word) => word.toLowerCase()).filter((word) => !left.has(word));
  return [...new Set(words)];
}

function englishLists(): string[] {
  const sure = Object.keys(cuss).filter((word) => cuss[word] === SURE);
  return [...(naughtyWords.en ?? []), ...profaneWords, ...sure].filter(
    (word) => word.replace(/[^\p{L}\p{N}]/gu, '').length >= LEAST_LETTERS,
  );
}
