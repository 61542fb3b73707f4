// Measures how far raters agree on shared tasks, and what two models of crowds make of their comparisons.
import type { FeedbackValue } from '@/core/feedback/kinds';
import { groupBy } from '@/core/group-by';
import { Rng } from '@/core/rng';
import { type Agreement, estimateCohenKappa, estimateFleissKappa } from '@/core/statistics/agreement/kappa';
import { estimateKrippendorffAlpha, type Level } from '@/core/statistics/agreement/krippendorff';
import { withoutRaterLevels } from '@/core/statistics/agreement/rater-levels';
import type { Executor } from '@/db/client';
import type { Product } from '@/server/services/product';
import type { StoredAnswer } from '@/server/services/rating/task-frame';
import { countCrowd, readHardest } from './crowd';
import { figures } from './kept/kept';
import { readNames } from './names';
import { readSharedTasks, type SharedTask } from './shared-tasks';
import type { AgreementOverviewView, EstimateView, KindAgreementView, RaterPairView } from './views';

/** Draws of the bootstrap: more would hold up chats. */
const DRAWS = { rounds: 200 };
/** Tasks that two raters must share to be compared, and the pairs that are shown. */
const LEAST_SHARED = 10;
const MOST_PAIRS = 20;

/** Ids alone name people and prompts. */
export async function countAgreement(db: Executor) {
  const shared = await readSharedTasks(db);
  return {
    kinds: (['compare', 'rate', 'review'] as const).flatMap((kind) => kindAgreement(kind, shared) ?? []),
    pairs: pairAgreements(shared),
    crowd: countCrowd(shared),
  };
}

/** Without people who have left, and prompts that may no longer be read. */
export async function readAgreement(product: Product): Promise<AgreementOverviewView> {
  const { db } = product;
  const { value, countedAt } = await figures(product, 'agreement', null, () => countAgreement(db));
  const { kinds, pairs, crowd } = value;
  const ids = [...pairs.flatMap(({ raters }) => raters), ...(crowd?.raters ?? []).map(({ userId }) => userId)];
  const names = await readNames(db, [...new Set(ids)]);
  return {
    countedAt,
    kinds,
    pairs: pairs.flatMap(({ raters, tasks, kappa }): RaterPairView[] => {
      const [one, other] = raters.map((id) => names.get(id));
      return one && other ? [{ one, other, tasks, kappa }] : [];
    }),
    crowd: crowd && {
      ...crowd,
      raters: crowd.raters.flatMap(({ userId, ...own }) => {
        const name = names.get(userId);
        return name ? [{ name, ...own }] : [];
      }),
      hardest: await readHardest(db, crowd.hardest),
    },
  };
}

const LEVELS = { compare: 'ordinal', rate: 'interval', review: 'nominal' } as const satisfies Record<string, Level>;
const STEPS = { much: 3, somewhat: 2, slightly: 1 };

/** From -3 (right, much better) to 3; both bad stands with equally good. A choice without a strength is one of 2. */
function stepOf({ choice, strength = 'somewhat' }: FeedbackValue<'comparison'>): number {
  return choice === 'left' ? STEPS[strength] : choice === 'right' ? -STEPS[strength] : 0;
}

function numberOf(answer: StoredAnswer): number | null {
  if (answer.kind === 'compare') return stepOf(answer.value);
  if (answer.kind === 'rate') return answer.value.rating;
  return answer.kind === 'review' ? Number(answer.value.accept) : null;
}

function kindAgreement(kind: keyof typeof LEVELS, shared: readonly SharedTask[]): KindAgreementView | null {
  const items = shared
    .map(({ answers }) =>
      answers.flatMap(({ userId, stored }) => {
        const value = stored.kind === kind ? numberOf(stored) : null;
        return value === null ? [] : [{ rater: userId, value }];
      }),
    )
    .filter((values) => values.length >= 2);
  if (items.length === 0) return null;
  const rng = new Rng(1);
  const alpha = (values: readonly (readonly number[])[]) =>
    estimateOf(estimateKrippendorffAlpha(values, LEVELS[kind], rng, DRAWS));
  const plain = items.map((values) => values.map(({ value }) => value));
  return {
    kind,
    tasks: items.length,
    raters: new Set(items.flat().map(({ rater }) => rater)).size,
    alpha: alpha(plain),
    alphaOfLevels: kind === 'rate' ? alpha(withoutRaterLevels(items)) : null,
    ...fleissOf(kind === 'compare' ? plain.map((values) => values.map(Math.sign)) : plain, rng),
  };
}

/** Of the tasks with the most usual number of raters, because the measure needs the same number for each. */
function fleissOf(items: readonly (readonly number[])[], rng: Rng): Pick<KindAgreementView, 'fleiss' | 'fleissRaters'> {
  const bySize = [...groupBy(items, ({ length }) => length)].sort(([, one], [, other]) => other.length - one.length);
  const [size, same] = bySize[0]!;
  return {
    fleiss: estimateOf(
      estimateFleissKappa(
        same.map((values) => values.map(String)),
        rng,
        DRAWS,
      ),
    ),
    fleissRaters: size,
  };
}

/** The two who agree least first. */
function pairAgreements(shared: readonly SharedTask[]) {
  const met = new Map<string, { raters: [string, string]; labels: [string, string][] }>();
  for (const { answers } of shared) {
    const choices = answers.flatMap(({ userId, stored }) =>
      stored.kind === 'compare' ? [{ userId, choice: stored.value.choice }] : [],
    );
    const ordered = choices.sort((x, y) => (x.userId < y.userId ? -1 : 1));
    for (const [i, one] of ordered.entries()) {
      for (const other of ordered.slice(i + 1)) {
        const key = `${one.userId} ${other.userId}`;
        const pair = met.get(key) ?? { raters: [one.userId, other.userId], labels: [] };
        pair.labels.push([one.choice, other.choice]);
        met.set(key, pair);
      }
    }
  }
  const rng = new Rng(1);
  return [...met.values()]
    .filter(({ labels }) => labels.length >= LEAST_SHARED)
    .flatMap(({ raters, labels }) => {
      const kappa = estimateOf(estimateCohenKappa(labels, rng, DRAWS));
      return kappa ? [{ raters, tasks: labels.length, kappa }] : [];
    })
    .sort((x, y) => x.kappa.value - y.kappa.value)
    .slice(0, MOST_PAIRS);
}

const estimateOf = ({ value, interval }: Agreement): EstimateView | null =>
  value === null || !interval ? null : { value, ...interval };
