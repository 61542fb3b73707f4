// Says in one sentence what was left out of a data set and why.

/** Singular and plural; the count comes before them. */
const REASONS: Record<string, [one: string, several: string]> = {
  same_answer: ['pair of two equal answers', 'pairs of two equal answers'],
  other_prompt: ['pair of answers to different prompts', 'pairs of answers to different prompts'],
  unfinished: ['vote on an unfinished answer', 'votes on unfinished answers'],
  no_questions: ['answer to questions that are gone', 'answers to questions that are gone'],
  over_ai_share: ['label of a judge over the share', 'labels of judges over the share'],
  empty: ['row without an answer', 'rows without an answer'],
  duplicate: ['repeated row', 'repeated rows'],
  too_long: ['row too long for the base', 'rows too long for the base'],
  no_answer: ['conversation without an answer to learn', 'conversations without an answer to learn'],
  no_prompt: ['answer without a prompt', 'answers without a prompt'],
  prompt_on_both_sides: [
    'held-out row whose prompt is also trained on',
    'held-out rows whose prompts are also trained on',
  ],
  shaped_sampling: ['answer sampled with other settings', 'answers sampled with other settings'],
  no_logprobs: ['answer without log-probabilities', 'answers without log-probabilities'],
};

const PREFIX = 'left_out/';
const NOT_READ = 'not_read/';

/** Whether a count of a snapshot is of something that the run did not see. */
export const isLeftOut = (name: string) => name.startsWith(PREFIX) || name.startsWith(NOT_READ);

/** Empty if nothing was left out. */
export function describeLeftOut(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts)
    .filter(([name, count]) => name.startsWith(PREFIX) && count > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => {
      const reason = name.slice(PREFIX.length);
      const [one, several] = REASONS[reason] ?? [reason, reason];
      return `${count} ${count === 1 ? one : several}`;
    });
  const unread = Object.keys(counts)
    .filter((name) => name.startsWith(NOT_READ))
    .map((name) => name.slice(NOT_READ.length));
  return [
    parts.length > 0 ? `Left out: ${parts.join(', ')}.` : '',
    unread.length > 0 ? `Fields not read: ${unread.join(', ')}.` : '',
  ]
    .filter(Boolean)
    .join(' ');
}
