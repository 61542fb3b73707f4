// The gates on the rules: each is broken about as seldom as by the parent.
import { CHANCE_HITS, type CompletionGate } from './answers';
import { atMost } from './gate';

export const judgeConstraints: CompletionGate = (candidate, parent) =>
  Object.entries(candidate.constraintRates).map(([rule, rate]) =>
    atMost(
      `constraint/${rule}`,
      rate,
      (parent.constraintRates[rule] ?? 0) + CHANCE_HITS / candidate.count,
      `Hits an answer, of ${candidate.count}; at most ${CHANCE_HITS} hit more than the parent.`,
    ),
  );
