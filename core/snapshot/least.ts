// Declares how many prompts a data set needs so that a gain can be judged.

/** With fewer held-out prompts than this, no gate can tell a gain from luck. */
export const LEAST_HELD_OUT = 2;
/** A data set needs this many prompts to hold out so many. */
export const LEAST_PROMPTS = 2 * LEAST_HELD_OUT;
