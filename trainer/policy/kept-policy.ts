// Decides which policy of a run on its own completions is kept: costs within their targets come first, then the objective, and a trial decides.
import type { Statement } from '@/core/verdict';
import type { OnPolicyState } from './algorithms/algorithm';
import { type Kept, keepPolicy, type PolicyRun } from './run';

/** Keeps the best policy that passes its trial. The parent stays only if no other policy qualifies. */
export async function considerPolicy<Config>(
  run: PolicyRun<OnPolicyState, Config>,
  adapterId: string,
  policy: Kept,
): Promise<void> {
  const { input, state } = run;
  if (policy.iteration > 0) {
    const isFirstTrained = state.best.iteration === 0;
    if (!isFirstTrained && !isBetter(policy, state.best)) return;
    const { figures, problems } = (await input.tryOut?.(adapterId)) ?? { figures: {}, problems: [] };
    state.trial = figures;
    if (problems.length > 0) {
      state.passedOver = { count: state.passedOver.count + 1, problems };
      return;
    }
  }
  keepPolicy(run, policy);
}

function isBetter(policy: Kept, best: Kept): boolean {
  const [own, other] = [policy.excess ?? 0, best.excess ?? 0];
  return own === other ? policy.objective > best.objective : own < other;
}

/** What is said of policies that had a better objective but failed their trial. */
export const passedOverOf = ({ count, problems }: OnPolicyState['passedOver']): Statement[] =>
  count === 0 ? [] : [{ code: 'passed_over', count, findings: problems }];
