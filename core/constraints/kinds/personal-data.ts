// The kind of rule that forbids personal data: ways to reach, find or charge a person.
import { getCountries } from 'libphonenumber-js/max';
import { z } from 'zod';
import { combineRules } from '../combine';
import { searchPatterns } from '../patterns/pattern-scanner';
import type { PatternSearch } from '../patterns/search';
import { findEmail } from '../personal/email';
import { findIban } from '../personal/iban';
import { findIpAddress } from '../personal/ip-address';
import { findPaymentCard } from '../personal/payment-card';
import { findPersonName } from '../personal/person-name';
import { findPhone } from '../personal/phone';
import { findPostalAddress } from '../personal/postal-address';
import { RuleBase } from '../rule';
import type { TextRule } from '../scanner';

const PERSONAL_DATA = [
  'email',
  'phone',
  'payment-card',
  'iban',
  'ip-address',
  'postal-address',
  'person-name',
] as const;
type PersonalData = (typeof PERSONAL_DATA)[number];

export const PersonalDataRule = RuleBase.extend({
  kind: z.literal('personal-data'),
  /** Names of people are found in English alone, less surely than the rest, and hold a stream back sentence by sentence. */
  find: z
    .array(z.enum(PERSONAL_DATA))
    .min(1)
    .default(PERSONAL_DATA.filter((one) => one !== 'person-name')),
  /** Whose telephone numbers are found without "+" and the country's code, as of ISO 3166. */
  countries: z.array(z.enum(getCountries())).min(1).max(20).default(['US', 'GB', 'JP']),
});
export type PersonalDataRule = z.infer<typeof PersonalDataRule>;

export function compilePersonalData({ find, countries }: PersonalDataRule): TextRule {
  const searches: Record<Exclude<PersonalData, 'person-name'>, () => PatternSearch[]> = {
    email: () => [findEmail],
    phone: () => [findPhone(countries)],
    'payment-card': () => [findPaymentCard],
    iban: () => [findIban],
    'ip-address': () => findIpAddress,
    'postal-address': () => findPostalAddress,
  };
  const patterns = find.flatMap((one) => (one === 'person-name' ? [] : searches[one]()));
  const rules = patterns.length > 0 ? [searchPatterns(patterns)] : [];
  return combineRules(find.includes('person-name') ? [...rules, findPersonName] : rules);
}
