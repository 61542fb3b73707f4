// Names the flaws that say an answer could do harm: what people tick becomes safety labels.

/** Ids of questions; a questionnaire of your own is learnt from if one of its flaws has such an id. */
export const HARM_FLAWS: readonly string[] = ['unsafe'];
