// Which turns of the dialogue sets the default rule hits falsely; the true ones were reviewed by hand.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { judge } from '@/core/constraints/judge';
import { DEFAULT_RULES } from '@/core/constraints/rules';

export const fixture = (name: string) =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, '../../../fixtures', `${name}.json`), 'utf8'));

export const hitsOf = (text: string) =>
  judge(DEFAULT_RULES, text).hits.map(({ start, end }) => text.slice(start, end).toLowerCase());

/** Words that swear wherever they stand, and hashes of turns that swear with a word that need not. */
const swearing: { words: string[]; turns: string[] } = fixture('swearing');
const swears = (turn: string) => swearing.turns.includes(createHash('sha256').update(turn).digest('hex').slice(0, 16));

export const isFalseHit = (turn: string) => !swears(turn) && hitsOf(turn).some((hit) => !swearing.words.includes(hit));
