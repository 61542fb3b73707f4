// Hides personal data in what raters read, by the scanners of the rule about it.
import { MASK } from '@/core/constraints/judge';
import { compilePersonalData, PersonalDataRule } from '@/core/constraints/kinds/personal-data';
import { findSpans } from '@/core/constraints/scanner';

const scanner = compilePersonalData(PersonalDataRule.parse({ id: 'raters', kind: 'personal-data' }));

/** Its length says nothing about what it hides. */
const BAR = MASK.repeat(5);

export function hidePersonalData(text: string): string {
  let out = '';
  let at = 0;
  for (const { start, end } of findSpans(scanner, text)) {
    out += text.slice(at, start) + BAR;
    at = end;
  }
  return out + text.slice(at);
}
