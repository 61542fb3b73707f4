// How far the winner of a comparison should lead, by how much better it was said to be.
import { STRENGTHS } from './kinds';

/**
 * Logits by which the winner should lead: Touvron et al. 2023 (Llama 2), section 3.2.2, the small margins of their table
 * 27, without its lowest step: a lead that is negligible is a tie here. A choice without a strength has no margin.
 */
export const STRENGTH_MARGINS: Record<(typeof STRENGTHS)[number], number> = {
  much: 1,
  somewhat: 2 / 3,
  slightly: 1 / 3,
};

/** The strength that has this margin, if one does. */
export const strengthOf = (margin: number | undefined) => STRENGTHS.find((step) => STRENGTH_MARGINS[step] === margin);
