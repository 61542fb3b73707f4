// Finds numbers of payment cards: an issuer's prefix and length, and Luhn's checksum.
import type { Match } from '../patterns/search';
import type { Span } from '../scanner';
import { AFTER_NUMBER, continuesLeft, digitsOf, searchFolded, upToLast } from './search';

export const findPaymentCard = searchFolded(
  `[0-9](?:[ .\\-\\x{2010}-\\x{2015}\\x{30FC}]{0,2}[0-9]){12,18}${AFTER_NUMBER}`,
  64,
  checkCard,
);

const ISSUERS: { prefix: RegExp; lengths: readonly number[] }[] = [
  { prefix: /^4/, lengths: [13, 16, 19] },
  { prefix: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { prefix: /^3[47]/, lengths: [15] },
  { prefix: /^(?:6011|64[4-9]|65)/, lengths: [16, 19] },
  { prefix: /^35(?:2[89]|[3-8])/, lengths: [16, 19] },
  { prefix: /^3(?:0[0-5]|[689])/, lengths: [14] },
  { prefix: /^62/, lengths: [16, 17, 18, 19] },
  { prefix: /^(?:5018|5020|5038|5893|6304|6759|676[1-3])/, lengths: [13, 14, 15, 16, 17, 18, 19] },
];

function checkCard({ text, before }: Match): Span | null {
  if (continuesLeft(before)) return null;
  const number = upToLast(text, /[0-9]/);
  const digits = digitsOf(text);
  const isIssued = ISSUERS.some(({ prefix, lengths }) => lengths.includes(digits.length) && prefix.test(digits));
  return isIssued && /[1-9]{2}|0[1-9]+0/.test(digits.slice(4)) && passesLuhn(digits) ? number : null;
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}
