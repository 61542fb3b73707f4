// The kind of rule that forbids attempts to take over the model: known phrasings, role markers, and both in base64.
import { z } from 'zod';
import { searchEncoded } from '../injection/encoded';
import { INJECTION_PHRASES, ROLE_MARKERS } from '../injection/phrases';
import { foldCharacter } from '../patterns/fold';
import { foldLetter, foldPattern } from '../patterns/fold-word';
import { searchPatterns } from '../patterns/pattern-scanner';
import { compilePattern } from '../patterns/program';
import { INPUT_ACTIONS, OUTPUT_ACTIONS, RuleBase } from '../rule';
import type { TextRule } from '../scanner';

export const InjectionRule = RuleBase.extend({
  /** English and Japanese. */
  kind: z.literal('injection'),
  input: z.enum(INPUT_ACTIONS).default('flag'),
  output: z.enum(OUTPUT_ACTIONS).default('off'),
});
export type InjectionRule = z.infer<typeof InjectionRule>;

const LONGEST = 160;

let compiled: TextRule | undefined;

export function compileInjection(): TextRule {
  if (compiled) return compiled;
  const phrases = INJECTION_PHRASES.map((family) => ({
    program: compilePattern(foldPattern(family.join('|')), { ignoreCase: false }),
    longest: LONGEST,
    fold: foldLetter,
  }));
  const markers = {
    program: compilePattern(ROLE_MARKERS, { ignoreCase: true }),
    longest: LONGEST,
    fold: foldCharacter,
  };
  const plain = searchPatterns([...phrases, markers]);
  compiled = searchPatterns([...phrases, markers, searchEncoded(plain)]);
  return compiled;
}
