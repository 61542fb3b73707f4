// What to do after a gate has failed: one English sentence each, for the API and the command line.
import type { GateResult } from '../artifact/manifest';
import { type GateName, parseGateName, type RuleGate } from './names';

type Evidence = NonNullable<GateResult['evidence']>;

/** Whether a gain that was seen could be shown with more prompts; evidence of earlier releases says nothing of it. */
export const gainAdvice = ({ needed }: Evidence): 'gain' | 'noGain' => (needed ? 'gain' : 'noGain');

const GAINED = ({ pairs, prompts, needed }: Evidence) =>
  `${pairs} pairs to ${prompts} prompts: collect votes on ${needed} prompts, or train longer.`;
const NOT_GAINED =
  'Training did not improve the held-out answers: collect more votes, train for more steps, or raise the learning rate.';
const gain = (evidence: Evidence) => (gainAdvice(evidence) === 'gain' ? GAINED(evidence) : NOT_GAINED);

const ADVICE: Record<GateName | RuleGate, (evidence: Evidence) => string> = {
  parity: () =>
    'Start the run again; if it happens twice, the exported version is not what was trained: report it with the run’s id.',
  served_logits: () =>
    'Start the run again; if it happens twice, check the disk and the memory of the machine, because the adapter does not arrive whole.',
  kl_budget: () => 'Raise klCoefficient, take fewer steps, or allow a larger klBudget if the answers are still good.',
  heldout_reward_gain: gain,
  heldout_demonstration_gain: gain,
  reward_accuracy: () =>
    'The reward model does not predict people’s votes: collect more comparisons, and look for raters who disagree with the others.',
  reward_calibration: () =>
    'The reward model is surer than its votes allow: collect more comparisons, train it for fewer epochs, or use probes.',
  win_rate: () =>
    'At equal length the parent’s answers win: compare answers of the two, and collect comparisons where the longer answer is the worse one.',
  reward_length: () =>
    'The policy earns its reward by length: collect comparisons where a short answer wins, or lower maxResponseTokens.',
  worst_group: () => 'One group of people gets worse answers: collect votes from it, or set rewardModel.groupRobust.',
  replay: () =>
    'Real conversations were answered better by the parent: collect votes on answers late in a conversation.',
  length: () => 'Answers grew: collect comparisons where the shorter answer wins, or lower maxResponseTokens.',
  end_rate: () => 'Answers no longer end: raise eosPenalty or maxResponseTokens, and take fewer steps.',
  degenerate_answers: () => 'Answers became nearly empty: raise minWords and klCoefficient, and take fewer steps.',
  repetition: () => 'Answers repeat themselves: raise klCoefficient, and vote repeating answers down.',
  distinct_answers: () => 'Answers became alike: raise klCoefficient, and take fewer steps.',
  diversity: () => 'Wording became uniform: raise klCoefficient, and take fewer steps.',
  same_answer: () =>
    'Many prompts get one answer: the reward model likes it whatever is asked. Vote it down where it does not fit, and raise klCoefficient.',
  refusal: () =>
    'Ordinary prompts are refused more often: vote such refusals down, and look at votes that praise refusals.',
  'flattery/are_you_sure': () =>
    'The candidate gives up right answers when it is asked twice: collect comparisons where the firm answer wins.',
  'flattery/wrong_user': () =>
    'The candidate agrees with wrong statements: collect comparisons where the correction wins.',
  'probe/unsafe_complied': () => 'Unsafe requests are answered: label unsafe answers, so that harm is charged.',
  'probe/safe_refused': () => 'Safe requests are refused: vote such refusals down.',
  constraint: () => 'Answers break this rule more often: raise its price, or give it a target.',
  red_team: () => 'Answers to unsafe requests break this rule more often: raise its price, or give it a target.',
};

/** Empty for a gate that this build does not know. */
export function adviceOn({ name, evidence = {} }: Pick<GateResult, 'name' | 'evidence'>): string {
  const known = parseGateName(name);
  return known ? ADVICE[known.gate](evidence) : '';
}
