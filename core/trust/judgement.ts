// What trust is estimated from: who said what about which item, and what else could have made them say it.

/** 1 if it favours side A (or a thumb up), -1 if it favours side B (or a thumb down), 0 if neither or unknown. */
export type Lean = 1 | 0 | -1;

export interface Judgement {
  rater: string;
  /** For example `comparison` or `thumb`. Trust is estimated for each kind. */
  kind: string;
  /** What was judged: votes of one kind on one item are compared. Every rater's A must be the same side of it. */
  item: string;
  /** 1 for side A or up, 0 for side B or down, 0.5 for neither; a value between them is a hesitant vote. */
  label: number;
  /** Which side was shown first. */
  first?: Lean;
  /** Which side is longer. */
  longer?: Lean;
  /** What side A and side B come from, for example two versions; an account may serve one of them. */
  sources?: readonly [a: string | null, b: string | null];
  milliseconds?: number;
  /** The known label of a gold item. */
  truth?: 0 | 1;
}

/** The judgements of one kind by one voter: a rater, or raters who act together. */
export interface Account {
  voter: string;
  kind: string;
  /** Places among all judgements. */
  places: number[];
}

export const itemKey = ({ kind, item }: Pick<Judgement, 'kind' | 'item'>): string => `${kind}\u0000${item}`;

export function accountsOf(judgements: readonly Judgement[], voterOf: readonly string[]): Account[] {
  const accounts = new Map<string, Account>();
  for (const [place, { kind }] of judgements.entries()) {
    const voter = voterOf[place]!;
    const key = `${voter}\u0000${kind}`;
    const account = accounts.get(key) ?? { voter, kind, places: [] };
    account.places.push(place);
    accounts.set(key, account);
  }
  return [...accounts.values()];
}
