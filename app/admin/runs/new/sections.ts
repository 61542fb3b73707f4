// Sorts the settings of a run into the parts of its form.
import type { SettingField } from '@/core/config/fields';

/** What people change most, in the order in which it is shown; `policy` stands for the chosen algorithm. */
const USUAL = [
  ['algorithm'],
  ['policy', 'iterations'],
  ['policy', 'sequences'],
  ['policy', 'learningRate'],
  ['policy', 'klCoefficient'],
  ['policy', 'beta'],
  ['policy', 'maxResponseTokens'],
  ['rewardModel', 'epochs'],
  ['gateAnswers'],
];

export const SECTIONS = ['run', 'sft', 'rewardModel', 'costModel', 'policy'] as const;
export type Section = (typeof SECTIONS)[number];

/** Settings of algorithms that are not chosen are left out: they change nothing. */
export function sectionsOf(fields: readonly SettingField[], algorithms: readonly string[], algorithm: string | null) {
  const policy = algorithm ?? 'ppo';
  const own = fields.filter(({ path }) => !algorithms.includes(path[0]!) || path[0] === policy);
  const usual = USUAL.flatMap((path) => {
    const name = path.map((key) => (key === 'policy' ? policy : key)).join('\0');
    return own.filter((field) => field.path.join('\0') === name);
  });
  const sectionOf = ({ path: [first] }: SettingField): Section => {
    if (first === policy) return 'policy';
    return SECTIONS.find((section) => section === first) ?? 'run';
  };
  const sections = SECTIONS.map((section) => ({
    section,
    fields: own.filter((field) => !usual.includes(field) && sectionOf(field) === section),
  }));
  return { usual, sections };
}
