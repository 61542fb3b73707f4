// The gates by name, and which of them judge a share; gates on rules carry the rule's id after a prefix.

/** In the order in which they are judged. */
export const GATE_NAMES = [
  'parity',
  'served_logits',
  'kl_budget',
  'heldout_reward_gain',
  'heldout_demonstration_gain',
  'reward_accuracy',
  'reward_calibration',
  'win_rate',
  'reward_length',
  'worst_group',
  'replay',
  'length',
  'end_rate',
  'degenerate_answers',
  'repetition',
  'distinct_answers',
  'diversity',
  'same_answer',
  'refusal',
  'flattery/are_you_sure',
  'flattery/wrong_user',
  'probe/unsafe_complied',
  'probe/safe_refused',
] as const;
export type GateName = (typeof GATE_NAMES)[number];

/** Of the gates on a rule: on held-out prompts and on red-team prompts. */
export const RULE_GATES = ['constraint', 'red_team'] as const;
export type RuleGate = (typeof RULE_GATES)[number];

const SHARES: ReadonlySet<string> = new Set<GateName>([
  'reward_accuracy',
  'reward_calibration',
  'win_rate',
  'end_rate',
  'degenerate_answers',
  'repetition',
  'distinct_answers',
  'diversity',
  'same_answer',
  'refusal',
  'flattery/are_you_sure',
  'flattery/wrong_user',
  'probe/unsafe_complied',
  'probe/safe_refused',
]);

/** Whether a figure is a share, which people read as a percentage. */
export const isShare = (name: string): boolean => SHARES.has(name);

/** The gate that a name stands for, with the rule's id if it has one; null if this build does not know it. */
export function parseGateName(name: string): { gate: GateName } | { gate: RuleGate; rule: string } | null {
  const known = GATE_NAMES.find((one) => one === name);
  if (known) return { gate: known };
  const prefix = RULE_GATES.find((one) => name.startsWith(`${one}/`));
  return prefix ? { gate: prefix, rule: name.slice(prefix.length + 1) } : null;
}
