// The gates on constraints: the candidate's mean cost keeps the run's target or, without one, is about its parent's.
import { CHANCE_HITS, type CompletionGate } from './answers';
import { atMost } from './gate';

export const judgeConstraints: CompletionGate = (candidate, parent) =>
  Object.entries(candidate.constraintRates).map(([name, rate]) => {
    const target = candidate.constraintTargets[name];
    const own = parent.constraintRates[name] ?? 0;
    return target === undefined
      ? atMost(
          `constraint/${name}`,
          rate,
          own + CHANCE_HITS / candidate.count,
          `Hits per answer, in ${candidate.count} answers; at most ${CHANCE_HITS} hit more than the parent.`,
        )
      : atMost(
          `constraint/${name}`,
          rate,
          target,
          `Mean cost of ${candidate.count} answers, at most the run's target; the parent's is ${own.toPrecision(2)}.`,
        );
  });
