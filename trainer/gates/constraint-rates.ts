// The gates on the rules: the candidate breaks each about as rarely as its parent.
import { CHANCE_HITS, type CompletionGate } from './answers';
import { atMost } from './gate';

export const judgeConstraints: CompletionGate = (candidate, parent) =>
  Object.entries(candidate.constraintRates).map(([rule, rate]) =>
    atMost(
      `constraint/${rule}`,
      rate,
      (parent.constraintRates[rule] ?? 0) + CHANCE_HITS / candidate.count,
      `Hits per answer, in ${candidate.count} answers; at most ${CHANCE_HITS} hit more than the parent.`,
    ),
  );
