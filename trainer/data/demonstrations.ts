// Rows of tokens in which only the assistant's completion, with its end token, is learnt.
export interface Demonstration {
  ids: Int32Array;
  /** 1 for tokens that are to be predicted. */
  isTarget: Uint8Array;
  /** Trust in who gave it, 0 to 1. */
  weight: number;
  /** Rows with the same key stay on one side of the split. */
  key: string;
}

/** A demonstration from known ids; an end token is learnt only if it is the last of them. */
export function demonstrationOfCompletion(
  { promptIds, completionIds }: { promptIds: Int32Array; completionIds: Int32Array },
  weight: number,
): Demonstration {
  const ids = new Int32Array(promptIds.length + completionIds.length);
  ids.set(promptIds);
  ids.set(completionIds, promptIds.length);
  return { ids, isTarget: new Uint8Array(ids.length).fill(1, promptIds.length), weight, key: promptIds.join(',') };
}

/** A row that is too long loses its start, never its end: the end token must be learnt. */
export function fitDemonstration(row: Demonstration, maxTokens: number): Demonstration {
  const cut = row.ids.length - maxTokens;
  return cut <= 0 ? row : { ...row, ids: row.ids.slice(cut), isTarget: row.isTarget.slice(cut) };
}
