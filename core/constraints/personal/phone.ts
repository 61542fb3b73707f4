// Finds telephone numbers that are valid in one of the countries named, or anywhere if they begin with "+".
import { type CountryCode, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { Match, PatternSearch } from '../patterns/search';
import type { Span } from '../scanner';
import { AFTER_NUMBER, continuesLeft, digitsOf, namesOtherNumber, searchFolded, upToLast } from './search';

const MARK = ' .\\-/()\\x{2010}-\\x{2015}\\x{2212}\\x{30FC}';
const INTERNATIONAL = `\\+ ?(?:[${MARK}]{0,3}[0-9]){7,15}`;
const WITH_TRUNK = `\\(?0(?:[${MARK}]{0,3}[0-9]){8,12}`;
const NORTH_AMERICAN = '(?:1[ .\\-]{0,2})?\\(?[2-9][0-9]{2}\\)?[ .\\-/]{0,3}[2-9][0-9]{2}[ .\\-/]{0,3}[0-9]{4}';
const NORTH_AMERICAN_SPELT = '(?:1[ .\\-])?[2-9](?:[ .\\-]{1,2}[0-9]){9}';
/** Of a country whose numbers have no trunk prefix. */
const OTHER = '[1-9][0-9](?:[ .\\-]?[0-9]){5,10}';

export function findPhone(countries: readonly CountryCode[]): PatternSearch {
  const callingCodes = countries.map((country) => getCountryCallingCode(country));
  const forms = [INTERNATIONAL, WITH_TRUNK];
  if (callingCodes.includes('1')) forms.push(NORTH_AMERICAN, NORTH_AMERICAN_SPELT);
  if (countries.some((country) => !HAS_TRUNK.has(country))) forms.push(OTHER);
  return searchFolded(`(?:${forms.join('|')})${AFTER_NUMBER}`, 64, (match) => checkPhone(match, countries));
}

/** Countries whose national numbers begin with 0 or have a form above. */
const HAS_TRUNK = new Set<CountryCode>([
  'US',
  'CA',
  'GB',
  'JP',
  'DE',
  'FR',
  'AU',
  'NZ',
  'IE',
  'NL',
  'BE',
  'AT',
  'CH',
  'KR',
]);

const NAMES_PHONE =
  /(?:phone|tel|telephone|call|cell|mobile|fax|whatsapp|signal|sms|text|dial|ring|reach|contact|電話|携帯|連絡先|ファックス|テル|℡)[^0-9]{0,24}$/i;
const DATE = /^(?:(?:19|20)[0-9]{2}[-./][0-9]{1,2}[-./][0-9]{1,2}|[0-9]{1,2}[-./][0-9]{1,2}[-./](?:19|20)?[0-9]{2})\b/;
const DECIMAL = /^0\.[0-9]+$/;

function checkPhone({ text, before }: Match, countries: readonly CountryCode[]): Span | null {
  if (continuesLeft(before) || /[+]$/.test(before)) return null;
  const number = upToLast(text, /[0-9]/);
  const written = text.slice(0, number.end);
  const digits = digitsOf(written);
  if (DATE.test(written) || DECIMAL.test(written) || isRunOfDigits(digits)) return null;
  const saysPhone = NAMES_PHONE.test(before);
  if (!saysPhone && namesOtherNumber(before)) return null;
  if (written.startsWith('+')) return isValid(`+${digits}`, undefined) ? number : null;
  // Nothing but its length tells a number without marks and trunk prefix from any other number.
  if (!saysPhone && digits === written && !written.startsWith('0')) return null;
  return countries.some((country) => isValid(digits, country)) ? number : null;
}

/** 0123456789 or 0000000000. */
function isRunOfDigits(digits: string): boolean {
  const steps = new Set(Array.from(digits.slice(1), (digit, i) => (Number(digit) - Number(digits[i]) + 10) % 10));
  return steps.size === 1 && (steps.has(0) || steps.has(1) || steps.has(9));
}

function isValid(digits: string, country: CountryCode | undefined): boolean {
  const parsed = parsePhoneNumberFromString(digits, country === undefined ? {} : { defaultCountry: country });
  return parsed?.isValid() ?? false;
}
