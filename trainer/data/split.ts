// Decides which prompts are held out: whole persons, conversations or prompts, never one prompt on both sides.
import type { Tokenizer } from '@/core/base/base';
import { sha256 } from '@/core/hash';
import { LEAST_HELD_OUT, LEAST_PROMPTS } from '@/core/snapshot/least';
import type { Split } from '@/core/snapshot/rows';
import { normaliseText } from '@/core/text/text';

/** Share of the prompts that no stage trains on. */
export const HELD_OUT_SHARE = 0.125;

/** Where a row's prompt comes from. */
export interface Asked {
  promptIds: readonly number[];
  /** Who asked, and in which conversation, if known. */
  person?: string | undefined;
  conversation?: string | undefined;
  /** The side that an earlier snapshot gave it. */
  given?: Split | undefined;
}

/** A key that two prompts share if they differ only in whitespace or in how a character is encoded. */
export type PromptKey = (promptIds: readonly number[]) => string;

/** Text between special tokens is compared without outer whitespace, so that "Hi " and "Hi" in a template are one. */
export function promptKeyOf(tokenizer: Pick<Tokenizer, 'decode' | 'isSpecial'>): PromptKey {
  return (promptIds) => {
    const parts: string[] = [];
    let from = 0;
    for (let i = 0; i <= promptIds.length; i++) {
      if (i < promptIds.length && !tokenizer.isSpecial(promptIds[i]!)) continue;
      parts.push(normaliseText(tokenizer.decode(promptIds.slice(from, i))));
      if (i < promptIds.length) parts.push(`<${promptIds[i]}>`);
      from = i + 1;
    }
    return parts.join('\u0000');
  };
}

/**
 * The side of each prompt, or null if it is to be left out because a held-out prompt was also asked on the training
 * side. Whole persons are held out if that holds out about the right share of prompts; otherwise conversations, and
 * failing that single prompts. The side follows from a hash, so that it stays the same from snapshot to snapshot.
 */
export function splitAsked(asked: readonly Asked[], keyOf: PromptKey): (Split | null)[] {
  const known = new Map<string, string>();
  const keys = asked.map(({ promptIds }) => {
    const ids = promptIds.join();
    if (!known.has(ids)) known.set(ids, keyOf(promptIds));
    return known.get(ids)!;
  });
  const prompts = new Set(keys).size;
  const levels = [({ person }: Asked) => person, ({ conversation }: Asked) => conversation];
  for (const unitOf of levels) {
    const units = asked.map(unitOf);
    if (units.some((unit) => unit === undefined)) continue;
    const sides = splitUnits(asked, keys, units as string[]);
    if (isBalanced(heldOutPrompts(keys, sides), prompts)) return sides;
  }
  return splitUnits(asked, keys, keys);
}

function splitUnits(asked: readonly Asked[], keys: readonly string[], units: readonly string[]): (Split | null)[] {
  const sideOf = holdOut(new Set(units), givenSides(asked, keys, units));
  const sides = units.map((unit) => sideOf.get(unit)!);
  const trained = new Set(keys.filter((_, i) => sides[i] === 'train'));
  return sides.map((side, i) => (side === 'heldout' && trained.has(keys[i]!) ? null : side));
}

/** A unit takes the side that an earlier snapshot gave one of its prompts; a prompt once held out stays held out. */
function givenSides(asked: readonly Asked[], keys: readonly string[], units: readonly string[]): Map<string, Split> {
  const byPrompt = new Map<string, Split>();
  const prefer = (sides: Map<string, Split>, name: string, side: Split | undefined) => {
    if (side && sides.get(name) !== 'heldout') sides.set(name, side);
  };
  asked.forEach(({ given }, i) => {
    prefer(byPrompt, keys[i]!, given);
  });
  const byUnit = new Map<string, Split>();
  units.forEach((unit, i) => {
    prefer(byUnit, unit, byPrompt.get(keys[i]!));
  });
  return byUnit;
}

/** Decides by hash if no side is given. A small set holds out the first units in order, so that there are some. */
function holdOut(units: ReadonlySet<string>, given: ReadonlyMap<string, Split>): Map<string, Split> {
  const placed = [...units].map((unit) => ({ unit, place: placeOf(unit), given: given.get(unit) }));
  // Units that a snapshot put on the training side are the last to be held out.
  const rank = (side: Split | undefined) => (side === 'heldout' ? 0 : side === 'train' ? 2 : 1);
  placed.sort((a, b) => rank(a.given) - rank(b.given) || a.place - b.place);
  const wanted = placed.filter(({ place, given: side }) =>
    side ? side === 'heldout' : place <= HELD_OUT_SHARE,
  ).length;
  const least = placed.length >= LEAST_PROMPTS ? LEAST_HELD_OUT : placed.length > 1 ? 1 : 0;
  const stays = placed.filter(({ given: side }) => side === 'heldout').length;
  const held = Math.max(stays, least, Math.min(wanted, placed.length - Math.max(1, least)));
  return new Map(placed.map(({ unit }, i) => [unit, i < held ? 'heldout' : 'train']));
}

/** 0..1, from only the name. */
const placeOf = (unit: string) => Number.parseInt(sha256(unit).slice(0, 13), 16) / 2 ** 52;

const heldOutPrompts = (keys: readonly string[], sides: readonly (Split | null)[]) =>
  new Set(keys.filter((_, i) => sides[i] === 'heldout')).size;

const isBalanced = (heldOut: number, prompts: number) =>
  heldOut >= Math.max(LEAST_HELD_OUT, (HELD_OUT_SHARE / 2) * prompts) &&
  heldOut <= Math.max(LEAST_HELD_OUT, 2 * HELD_OUT_SHARE * prompts);
