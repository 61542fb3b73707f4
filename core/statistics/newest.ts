// How much of what people said and got the statistics look at: the newest of it.

/** Figures over votes are of so many at most. */
export const NEWEST_VOTES = 10_000;
/** Figures of a version, or of an arm of an experiment, are over so many of its answers at most. */
export const NEWEST_ANSWERS = 10_000;
/** Agreement is measured on so many shared tasks at most. */
export const NEWEST_TASKS = 1000;
