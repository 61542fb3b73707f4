// Names what an admin may decide about a rater, and the act that decides it, for the database, the audit log and pages.

/** A banned rater gets no more tasks and counts nowhere. Taking out one item of feedback is to exclude it, never to ban. */
export const STANDINGS = ['trusted', 'banned'] as const;
export type Standing = (typeof STANDINGS)[number];

export const STANDING_ACTS = { trusted: 'trust', banned: 'ban' } as const satisfies Record<Standing, string>;

/** Without a standing the evidence decides again. */
export const standingAct = (standing: Standing | null) => (standing ? STANDING_ACTS[standing] : 'reset');
