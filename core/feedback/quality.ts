// Turns the answers to a questionnaire into one score of quality.

/** What a question's answer is worth. */
export interface ScoredQuestion {
  id: string;
  /** A flaw is ticked or not; a scale has steps 1 to `steps`; a choice has options. */
  kind: 'flaw' | 'scale' | 'choice';
  /** Of a flaw: how much it takes off. Of a scale or choice: its share of the mean. */
  weight: number;
  steps?: number;
  /** `quality` is 0 to 1. */
  options?: { id: string; quality: number }[];
}

export type Answers = Readonly<Record<string, boolean | number | string>>;

/**
 * In [0, 1]: the weighted mean of the answered scales and choices, or 1 if there are none, less the weights of the ticked
 * flaws. An answer to a question that is not asked counts nothing. Null if the questionnaire has no flaws to tick and no
 * question was answered.
 */
export function qualityOf(questions: readonly ScoredQuestion[], answers: Answers): number | null {
  const flaws = questions.filter(({ kind }) => kind === 'flaw');
  const taken = flaws.reduce((sum, { id, weight }) => sum + (answers[id] === true ? weight : 0), 0);
  let [sum, whole] = [0, 0];
  for (const question of questions) {
    const score = scoreOf(question, answers[question.id]);
    if (score === null) continue;
    sum += question.weight * score;
    whole += question.weight;
  }
  if (whole === 0 && flaws.length === 0) return null;
  return clamp((whole > 0 ? sum / whole : 1) - taken);
}

function scoreOf({ kind, steps = 0, options }: ScoredQuestion, answer: Answers[string] | undefined): number | null {
  if (kind === 'scale') return typeof answer === 'number' && steps > 1 ? clamp((answer - 1) / (steps - 1)) : null;
  if (kind === 'choice') return options?.find(({ id }) => id === answer)?.quality ?? null;
  return null;
}

const clamp = (value: number) => Math.min(1, Math.max(0, value));
