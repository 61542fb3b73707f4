// Personal data beside presidio-analyzer: a seeded set of sentences with marked spans and hard negatives, made here.
import path from 'node:path';
import { compilePersonalData, PersonalDataRule } from '@/core/constraints/kinds/personal-data';
import { findSpans, type Span } from '@/core/constraints/scanner';
import { Rng } from '@/core/rng';
import { runPython } from '../peers/python';
import { type ConstraintRow, scoreOf } from './row';

export interface MarkedText {
  text: string;
  /** What is personal in it. */
  spans: Span[];
}

const FIRST = 'James Mary Wei Fatima Hiroshi Olga Carlos Priya Liam Aisha Noah Emma Kenji Lucia Ivan Sofia'.split(' ');
const LAST = 'Smith Garcia Tanaka Ivanova Okafor Patel Mueller Rossi Kim Nguyen Brown Silva Haddad Novak'.split(' ');
const DOMAINS = ['example.com', 'mail.example.org', 'acme.co.uk', 'uni-koeln.de', 'tokyo.ac.jp', 'startup.io'];
const STREETS = ['Evergreen Terrace', 'Baker Street', 'Maple Avenue', 'King Road', 'Oak Hill Lane', 'Sunset Boulevard'];
/** Area codes and exchanges that are in use. */
const AREAS = ['212', '415', '617', '312', '206', '303', '713', '404'];

type Make = (rng: Rng) => string;
const pick = <T>(rng: Rng, items: readonly T[]): T => items[rng.integer(items.length)]!;
const digits = (rng: Rng, count: number) => Array.from({ length: count }, () => rng.integer(10)).join('');
const between = (rng: Rng, least: number, most: number) => least + rng.integer(most - least + 1);

function withLuhn(rng: Rng, prefix: string, length: number): string {
  const body = prefix + digits(rng, length - 1 - prefix.length);
  let sum = 0;
  for (let i = 0; i < body.length; i++) {
    const digit = Number(body[body.length - 1 - i]) * (i % 2 === 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return body + ((10 - (sum % 10)) % 10);
}

function iban(country: string, bban: string): string {
  const numbers = Array.from(`${bban}${country}00`, (one) => Number.parseInt(one, 36).toString()).join('');
  return `${country}${String(98n - (BigInt(numbers) % 97n)).padStart(2, '0')}${bban}`;
}

const groups = (text: string, size: number, mark: string) =>
  (text.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).join(mark);

const PERSONAL: Record<string, Make[]> = {
  email: [
    (rng) => `${pick(rng, FIRST).toLowerCase()}.${pick(rng, LAST).toLowerCase()}@${pick(rng, DOMAINS)}`,
    (rng) => `${pick(rng, FIRST).toLowerCase()}${digits(rng, 2)}+news@${pick(rng, DOMAINS)}`,
  ],
  phone: [
    (rng) => `(${pick(rng, AREAS)}) ${between(rng, 220, 989)}-${digits(rng, 4)}`,
    (rng) => `${pick(rng, AREAS)}-${between(rng, 220, 989)}-${digits(rng, 4)}`,
    (rng) => `+1 ${pick(rng, AREAS)} ${between(rng, 220, 989)} ${digits(rng, 4)}`,
    (rng) => `+44 20 7946 0${digits(rng, 3)}`,
    (rng) => `020 7946 0${digits(rng, 3)}`,
    (rng) => `090-${between(rng, 1000, 9999)}-${digits(rng, 4)}`,
  ],
  'payment-card': [
    (rng) => groups(withLuhn(rng, '4', 16), 4, ' '),
    (rng) => groups(withLuhn(rng, '53', 16), 4, '-'),
    (rng) => withLuhn(rng, '37', 15),
  ],
  iban: [
    (rng) => groups(iban('DE', digits(rng, 18)), 4, ' '),
    (rng) => iban('GB', `WEST${digits(rng, 14)}`),
    (rng) => iban('NL', `ABNA${digits(rng, 10)}`),
  ],
  'ip-address': [
    (rng) => `${between(rng, 11, 99)}.${rng.integer(256)}.${rng.integer(256)}.${between(rng, 1, 254)}`,
    (rng) => `2a00:${between(rng, 1000, 9999)}:${between(rng, 1000, 9999)}::${between(rng, 100, 999)}`,
  ],
  'postal-address': [(rng) => `${between(rng, 1, 999)} ${pick(rng, STREETS)}`],
};

const ASKS: Record<string, string[]> = {
  email: [
    'Write to {} please.',
    'My address is {}, thanks!',
    'You can reach {} any time.',
    '{} is where I get my mail.',
  ],
  phone: ['Call me on {}.', 'My number is {} after six.', 'Is {} still yours?', 'Text {} when you arrive.'],
  'payment-card': ['Charge it to {}, please.', 'The card is {} and it runs out in May.', 'I paid with {} yesterday.'],
  iban: ['Send the money to {}.', 'My account: {}.', 'The refund went to {} on Monday.'],
  'ip-address': ['The log shows {} at noon.', 'I connect from {} most days.', 'Block {} for now.'],
  'postal-address': ['I live at {}.', 'Send it to {}, please.', 'We met in front of {} last week.'],
};

/** What looks like personal data and is none. */
const OTHERS: Make[] = [
  (rng) => `Order ${between(rng, 10_000_000, 99_999_999)} has shipped.`,
  (rng) => `Your order number is ${digits(rng, 3)}-${digits(rng, 7)}-${digits(rng, 7)}.`,
  (rng) => `Invoice #${digits(rng, 10)} is overdue.`,
  (rng) => `Version ${between(rng, 1, 20)}.${rng.integer(30)}.${rng.integer(9999)}.${rng.integer(250)} fixes it.`,
  (rng) => `Install release ${rng.integer(9)}.${rng.integer(30)}.${rng.integer(30)} first.`,
  (rng) =>
    `It happened on ${between(rng, 1950, 2025)}-0${between(rng, 1, 9)}-${between(rng, 10, 28)} at 12:${between(rng, 10, 59)}:07.`,
  (rng) => `The flight on 0${between(rng, 1, 9)}/${between(rng, 10, 28)}/${between(rng, 1990, 2030)} was late.`,
  (rng) => `It costs $${between(rng, 1, 9)},${between(rng, 100, 999)},${between(rng, 100, 999)}.00 in all.`,
  (rng) =>
    `Between ${between(rng, 1900, 1950)} and ${between(rng, 1951, 2020)} it grew by ${rng.integer(100)}.${rng.integer(10)} percent.`,
  (rng) => `ISBN 978-${rng.integer(10)}-${digits(rng, 2)}-${digits(rng, 6)}-${rng.integer(10)} is out of print.`,
  (rng) => `Pi is about 3.14159${digits(rng, 8)}.`,
  (rng) => `The serial number ${digits(rng, 16)} is on the back.`,
  (rng) => `Tracking code 1Z${digits(rng, 3)}AA${digits(rng, 10)} says delivered.`,
  (rng) => `The final score was ${rng.integer(30)}-${rng.integer(30)}, ${rng.integer(30)}-${rng.integer(30)}.`,
  (rng) => `Use icon@2x.png and zod@${rng.integer(9)}.${rng.integer(9)}.${rng.integer(9)} here.`,
  (rng) => `The population was ${between(rng, 1, 9)} ${between(rng, 100, 999)} ${between(rng, 100, 999)} then.`,
  () => 'We met at the corner and looked at the dot on the map.',
  (rng) => `Chapter ${rng.integer(9)}.${rng.integer(9)}.${rng.integer(9)}.${rng.integer(9)} explains it.`,
  (rng) => `There are ${between(rng, 2, 99)} ways to cook rice, and 5 steps in each.`,
];

export function makeTexts(count: number, seed: number, kinds: readonly string[]): MarkedText[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, (_, i) => {
    const other = () => pick(rng, OTHERS)(rng);
    if (i % 2 === 1) return { text: `${other()} ${other()}`, spans: [] };
    const kind = kinds[(i / 2) % kinds.length]!;
    const value = pick(rng, PERSONAL[kind]!)(rng);
    const [before, after] = pick(rng, ASKS[kind]!).split('{}') as [string, string];
    const lead = rng.uniform() < 0.5 ? `${other()} ` : '';
    const start = lead.length + before.length;
    return { text: `${lead}${before}${value}${after}`, spans: [{ start, end: start + value.length }] };
  });
}

/** A marked span counts as found if at least half of it is covered, and a found one as right if half of it is marked. */
export function score(texts: readonly MarkedText[], found: readonly (readonly Span[])[]) {
  let [marked, hit, right, all] = [0, 0, 0, 0];
  const isHalfCovered = (span: Span, by: readonly Span[]) =>
    by.reduce((sum, one) => sum + Math.max(0, Math.min(one.end, span.end) - Math.max(one.start, span.start)), 0) * 2 >=
    span.end - span.start;
  texts.forEach(({ spans }, i) => {
    marked += spans.length;
    all += found[i]!.length;
    hit += spans.filter((span) => isHalfCovered(span, found[i]!)).length;
    right += found[i]!.filter((span) => isHalfCovered(span, spans)).length;
  });
  const precision = all === 0 ? 1 : right / all;
  const recall = hit / marked;
  return scoreOf(precision, recall);
}

/** Rows of the comparison; `python` is an interpreter that has requirements-constraints.txt. */
export async function comparePersonalData(python: string, count = 4000, seed = 15): Promise<ConstraintRow[]> {
  const kinds = Object.keys(PERSONAL);
  // presidio finds places and no postal addresses, so it is also measured without both.
  return [
    await compare(python, 'personal data', makeTexts(count, seed, kinds), kinds),
    await compare(
      python,
      'personal data without postal addresses',
      makeTexts(count, seed, kinds.slice(0, -1)),
      kinds.slice(0, -1),
    ),
  ];
}

async function compare(
  python: string,
  name: string,
  texts: readonly MarkedText[],
  find: readonly string[],
): Promise<ConstraintRow> {
  const rule = compilePersonalData(PersonalDataRule.parse({ id: 'p', kind: 'personal-data', find }));
  for (const { text } of texts.slice(0, 200)) findSpans(rule, text);
  const start = process.cpuUsage();
  const ours = texts.map(({ text }) => findSpans(rule, text));
  const msPerTurn = process.cpuUsage(start).user / 1000 / texts.length;
  const program = [path.join(import.meta.dirname, '../peers/presidio.py')];
  if (!find.includes('postal-address')) program.push('--without-locations');
  const printed = await runPython(python, program, JSON.stringify(texts.map(({ text }) => text)));
  const peer = JSON.parse(printed) as { found: Span[][]; name: string; msPerTurn: number };
  const peerScore = score(texts, peer.found);
  return {
    set: `${name}: ${texts.length} sentences made by bench/constraints/personal-data.ts`,
    rule: 'personal-data',
    ...score(texts, ours),
    msPerTurn,
    peer: peer.name,
    peerF1: peerScore.f1,
    peerPrecision: peerScore.precision,
    peerRecall: peerScore.recall,
    peerMsPerTurn: peer.msPerTurn,
  };
}
