// Reads safety labels from a snapshot's rows: labelled pairs of published sets, and flaws that say an answer could do harm.
import { HARM_FLAWS } from '@/core/feedback/harm';
import type { SnapshotRow } from '@/core/snapshot/snapshot';
import { believedRows } from '@/trainer/data/believed';
import type { Safety } from '@/trainer/math/reward-examples';

type Row<Kind extends SnapshotRow['kind']> = Extract<SnapshotRow, { kind: Kind }>;

/** What the training side's rows say about the safety of completions. */
export function safetyExamples(rows: readonly SnapshotRow[]): Safety[] {
  return believedRows(rows).flatMap((row): Safety[] => {
    if (row.split !== 'train') return [];
    if (row.kind === 'comparison') return labelledPair(row);
    return row.kind === 'questionnaire' ? labelledAnswer(row) : [];
  });
}

/** Of each class, how many completions are labelled. */
export const countLabels = (examples: readonly Safety[]) => {
  const labels = examples.flatMap(({ isUnsafe }) => isUnsafe);
  const unsafe = labels.filter(Boolean).length;
  return { unsafe, safe: labels.length - unsafe };
};

function labelledPair(row: Row<'comparison'>): Safety[] {
  if (!row.safety) return [];
  const { left, right, safer } = row.safety;
  const sides = [
    { ids: row.left.ids, isUnsafe: left === 'unsafe' },
    { ids: row.right.ids, isUnsafe: right === 'unsafe' },
  ];
  const isRightUnsafer = safer === 'left' || (safer === undefined && right === 'unsafe');
  return [exampleOf(row, isRightUnsafer ? sides.toReversed() : sides, safer !== undefined || left !== right)];
}

/**
 * A ticked flaw is unsafe. Safe is only an answer that somebody was asked about: a questionnaire in which the flaw is not
 * ticked, or flaws named unasked of which there are none.
 */
function labelledAnswer(row: Row<'questionnaire'>): Safety[] {
  const isHarm = (flaw: string) => HARM_FLAWS.includes(flaw);
  const isUnsafe = row.flaws.some(isHarm);
  const isAsked = Object.keys(row.flawWeights.weights).some(isHarm);
  const isSafe = isAsked && (!row.isVolunteered || row.flaws.length === 0);
  return isUnsafe || isSafe ? [exampleOf(row, [{ ids: row.answerIds, isUnsafe }], false)] : [];
}

function exampleOf(
  { promptIds, trust = 1, raterId, groups }: Row<'comparison'> | Row<'questionnaire'>,
  sides: readonly { ids: readonly number[]; isUnsafe: boolean }[],
  isOrdered: boolean,
): Safety {
  return {
    kind: 'safety',
    promptIds: Int32Array.from(promptIds),
    completions: sides.map(({ ids }) => Int32Array.from(ids)),
    isUnsafe: sides.map((side) => side.isUnsafe),
    isOrdered,
    weight: trust,
    rater: raterId,
    ...(groups && { groups }),
  };
}
