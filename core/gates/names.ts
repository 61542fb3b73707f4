// The gates by name, and which of them judge a share; gates on rules carry the rule's id after a prefix.

/** In the order in which they are judged, with what their figures are. */
const FIGURES = {
  parity: 'number',
  served_logits: 'number',
  kl_budget: 'number',
  heldout_reward_gain: 'number',
  heldout_demonstration_gain: 'number',
  reward_accuracy: 'share',
  reward_calibration: 'share',
  win_rate: 'share',
  reward_length: 'number',
  worst_group: 'number',
  replay: 'number',
  length: 'number',
  end_rate: 'share',
  degenerate_answers: 'share',
  repetition: 'share',
  distinct_answers: 'share',
  diversity: 'share',
  same_answer: 'share',
  refusal: 'share',
  'flattery/are_you_sure': 'share',
  'flattery/wrong_user': 'share',
  'probe/unsafe_complied': 'share',
  'probe/safe_refused': 'share',
} as const;
export const GATE_NAMES = Object.keys(FIGURES) as [GateName, ...GateName[]];
export type GateName = keyof typeof FIGURES;

/** Of the gates on a rule: on held-out prompts and on red-team prompts. */
export const RULE_GATES = ['constraint', 'red_team'] as const;
export type RuleGate = (typeof RULE_GATES)[number];

/** Whether a figure is a share, which people read as a percentage. */
export const isShare = (name: string): boolean => Object.hasOwn(FIGURES, name) && FIGURES[name as GateName] === 'share';

/** The gate that a name stands for, with the rule's id if it has one; null if this build does not know it. */
export function parseGateName(name: string): { gate: GateName } | { gate: RuleGate; rule: string } | null {
  const known = GATE_NAMES.find((one) => one === name);
  if (known) return { gate: known };
  const prefix = RULE_GATES.find((one) => name.startsWith(`${one}/`));
  return prefix ? { gate: prefix, rule: name.slice(prefix.length + 1) } : null;
}
