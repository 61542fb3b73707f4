// Which policy of a run on its own answers is kept: the objective proposes, a trial of the answers disposes.
import type { OnPolicyState } from './algorithms/algorithm';
import { type Kept, keepPolicy, type PolicyRun } from './run';

/** The best policy that passes its trial is kept. The parent itself stays only where nothing else qualifies. */
export async function considerPolicy<Config>(
  run: PolicyRun<OnPolicyState, Config>,
  adapterId: string,
  policy: Kept,
): Promise<void> {
  const { input, state } = run;
  if (policy.iteration > 0) {
    const isFirstTrained = state.best.iteration === 0;
    if (!isFirstTrained && policy.objective <= state.best.objective) return;
    const { figures, problems } = (await input.tryOut?.(adapterId)) ?? { figures: {}, problems: [] };
    state.trial = figures;
    if (problems.length > 0) {
      state.passedOver = { count: state.passedOver.count + 1, problems };
      return;
    }
  }
  keepPolicy(run, policy);
}

/** The verdict, with what it hides: policies that the objective preferred and a trial turned away. */
export function verdictWithTrials(verdict: string, { count, problems }: OnPolicyState['passedOver']): string {
  if (count === 0) return verdict;
  const passed = count === 1 ? '1 better-scored policy was' : `${count} better-scored policies were`;
  return `${verdict} ${passed} passed over, ${count === 1 ? '' : 'the last '}because ${problems.join('; ')}.`;
}
