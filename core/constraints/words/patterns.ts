// Turns words, and patterns in obscenity's syntax, into patterns of the automaton.
import { type ParsedPattern, SyntaxKind } from 'obscenity';
import { ANY_LETTER, Automaton, type Pattern, type Step } from './automaton';
import { characterOf, mostInARow, normalise } from './characters';

/** Every form of a pattern with optional parts. */
export function expandPattern({
  nodes,
  requireWordBoundaryAtStart,
  requireWordBoundaryAtEnd,
}: ParsedPattern): Pattern[] {
  let forms: Step[][] = [[]];
  for (const node of nodes) {
    const part = node.kind === SyntaxKind.Optional ? node.childNode : node;
    const steps: Step[] = part.kind === SyntaxKind.Wildcard ? [ANY_LETTER] : part.chars;
    const longer = forms.map((form) => [...form, ...steps]);
    forms = node.kind === SyntaxKind.Optional ? [...forms, ...longer] : longer;
  }
  return forms.flatMap((form) =>
    lengthen(form).map((steps) => ({
      steps,
      startsWord: requireWordBoundaryAtStart,
      endsWord: requireWordBoundaryAtEnd,
    })),
  );
}

/** Letters of a word that may be doubled although it has one of them. */
const MOST_LENGTHENED = 5;
/** Shorter words mean another with a letter more. */
const LEAST_LENGTHENED = 4;

/** The forms in which each letter that is counted twice stands once or twice: "slut", "sslut", "sllut", "ssllut". */
function lengthen(steps: readonly Step[]): Step[][] {
  if (steps.length < LEAST_LENGTHENED) return [[...steps]];
  let forms: Step[][] = [[]];
  steps.forEach((step, i) => {
    const isAlone = step !== steps[i - 1] && step !== steps[i + 1] && step !== ANY_LETTER && mostInARow(step) === 2;
    const once = forms.map((form) => [...form, step]);
    forms =
      isAlone && forms.length < 2 ** MOST_LENGTHENED ? [...once, ...forms.map((form) => [...form, step, step])] : once;
  });
  return forms;
}

/** A word or phrase that is forbidden only as a whole. */
export function wholeWord(text: string): Pattern[] {
  const isWord = (character: string | undefined) =>
    character !== undefined && characterOf(character.codePointAt(0)!).wordClass === 1;
  const characters = [...text];
  const startsWord = isWord(characters[0]);
  const endsWord = isWord(characters.at(-1));
  return lengthen(normalise(text)).map((steps) => ({ steps, startsWord, endsWord }));
}

/** A word of a script without blanks, with its sound marks as part of the letter and beside it. */
export function segmentedWord(text: string): Pattern[] {
  const forms = new Set([text, text.normalize('NFD')].map((form) => normalise(form).join()));
  return [...forms].map((form) => ({ steps: form.split(',').map(Number), startsWord: false, endsWord: false }));
}

/** The language by which a word is segmented that has no blanks around it; null if it has a letter of another script. */
export function segmentingLanguage(text: string, han: 'ja' | 'zh'): string | null {
  if (![...text].every((character) => characterOf(character.codePointAt(0)!).wordClass === 2)) return null;
  if (/\p{sc=Thai}/u.test(text)) return 'th';
  if (/\p{sc=Lao}/u.test(text)) return 'lo';
  if (/\p{sc=Khmer}/u.test(text)) return 'km';
  if (/\p{sc=Myanmar}/u.test(text)) return 'my';
  return /[\p{sc=Hira}\p{sc=Kana}]/u.test(text) ? 'ja' : han;
}

/** Finds texts as they are written but for case and blanks. */
export function plainTexts(texts: readonly string[]): Automaton {
  return new Automaton(
    texts.map((text) => ({
      steps: [...text.replace(/\s+/g, ' ')].map((character) => characterOf(character.codePointAt(0)!).plain),
      startsWord: false,
      endsWord: false,
    })),
  );
}
