// Indexes the labels that several raters gave to the same items.

export interface CrowdLabel {
  item: string;
  rater: string;
  label: string;
}

/** Items and raters in the order of their first label; label values sorted. */
export interface Crowd {
  items: string[];
  raters: string[];
  labels: string[];
  /** One entry for each label that was given. */
  given: { item: number; rater: number; label: number }[];
}

/** `possible` adds label values that may be true although no rater gave them. */
export function indexLabels(given: readonly CrowdLabel[], possible: readonly string[] = []): Crowd {
  const items = positions(given.map(({ item }) => item));
  const raters = positions(given.map(({ rater }) => rater));
  const labels = positions([...given.map(({ label }) => label), ...possible].sort());
  return {
    items: [...items.keys()],
    raters: [...raters.keys()],
    labels: [...labels.keys()],
    given: given.map(({ item, rater, label }) => ({
      item: items.get(item)!,
      rater: raters.get(rater)!,
      label: labels.get(label)!,
    })),
  };
}

/** [items][labels]: the share of an item's raters who gave it each label. */
export function voteShares({ items, labels, given }: Crowd): Float64Array[] {
  const shares = items.map(() => new Float64Array(labels.length));
  for (const { item, label } of given) shares[item]![label]! += 1;
  for (const row of shares) scaleToOne(row);
  return shares;
}

/** The most probable label of each item; of equally probable ones, the first in sorted order, as crowd-kit does. */
export function likeliestLabels({ items, labels }: Crowd, probabilities: readonly Float64Array[]): Map<string, string> {
  return new Map(items.map((item, i) => [item, labels[indexOfLargest(probabilities[i]!)]!]));
}

/** Divides by the sum, in place. */
export function scaleToOne(row: Float64Array): void {
  const total = row.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < row.length; i++) row[i]! /= total;
}

/** Turns log-likelihoods into probabilities, in place; the largest is taken off first, so that nothing underflows. */
export function softmax(row: Float64Array): void {
  const largest = row[indexOfLargest(row)]!;
  for (let i = 0; i < row.length; i++) row[i] = Math.exp(row[i]! - largest);
  scaleToOne(row);
}

const indexOfLargest = (row: Float64Array) => row.reduce((best, value, i) => (value > row[best]! ? i : best), 0);

function positions(values: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const value of values) if (!found.has(value)) found.set(value, found.size);
  return found;
}
