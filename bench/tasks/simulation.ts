// Simulates the growth of a reward model on real votes: the next pairs are chosen by what they teach, or at random.
import { hash32, Rng } from '@/core/rng';
import { chooseTasks } from '@/core/tasks/choose';
import { dot, fitPosterior, type Posterior } from '@/core/tasks/posterior';
import type { TaskWeights } from '@/core/tasks/question';

/** The priors that the probes choose among. */
export interface SimulationSettings {
  precisions: readonly number[];
  weights: TaskWeights;
  /** Numbers of votes after which the model is fitted anew and judged; the first is the random start. */
  budgets: readonly number[];
}

export interface Judged {
  accuracy: number;
  logLoss: number;
}

/**
 * One growth on the pool's pairs, judged on others. `differences` are chosen minus rejected: nothing that chooses
 * depends on their sign, so the label stays hidden until a pair is asked. Both ways share the start of a seed.
 */
export function growModel(
  differences: readonly Float64Array[],
  { pool, test, way, seed }: { pool: readonly number[]; test: readonly number[]; way: 'random' | 'chosen'; seed: number },
  { precisions, weights, budgets }: SimulationSettings,
): Judged[] {
  const rest = new Rng(hash32(seed, 1)).shuffle(pool);
  const asked = rest.splice(0, budgets[0]!);
  const judged: Judged[] = [];
  for (const [i, budget] of budgets.entries()) {
    if (i > 0) {
      const count = budget - asked.length;
      const posterior = fitBest(differences, asked, precisions);
      const places = way === 'random' ? rest.slice(0, count).map((_, at) => at) : chosenPlaces();
      function chosenPlaces(): number[] {
        const candidates = rest.map((at) => ({ features: differences[at]!, groups: [], votes: [0, 0] as const }));
        const none = { targetShares: new Map<string, number>(), groupVotes: new Map<string, number>(), totalVotes: 0 };
        return chooseTasks({ candidates, posterior, weights, count, ...none }).map(({ at }) => at);
      }
      const taken = new Set(places.map((place) => rest[place]!));
      asked.push(...taken);
      rest.splice(0, rest.length, ...rest.filter((at) => !taken.has(at)));
    }
    judged.push(judge(fitBest(differences, asked, precisions), differences, test));
  }
  return judged;
}
