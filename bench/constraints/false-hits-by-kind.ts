// How many turns of people who chat the newer kinds of rules hit, each with the settings of its template.
import { compileRule } from '@/core/constraints/rules';
import { type Context, findSpans } from '@/core/constraints/scanner';
import { RULE_TEMPLATES } from '@/core/constraints/templates';
import { DIALOGUES } from './sets';

const TURNS = 20_000;
/** The recognisers were corrected on the first so many turns of self-dialogue; the next were only counted. */
const PARTS = { curated: 0, heldOut: TURNS };
/** What people who chat say breaks these rules rightly: they refuse, or say more than may be said. */
const NO_ERRORS = ['refusal', 'length'];
const KINDS = ['personal-data', 'injection', 'prompt-leak', 'repetition', 'language', ...NO_ERRORS];
const SYSTEM_PROMPT = 'You are a helpful assistant. Answer briefly, and say so if you do not know.';

interface Turn {
  text: string;
  context: Context;
}

const turnsOf = (dialogues: readonly string[][]): Turn[] =>
  dialogues.flatMap((turns) =>
    turns.map((text, i) => ({ text, context: { input: turns[i - 1] ?? null, systemPrompt: SYSTEM_PROMPT } })),
  );

export function measureFalseHitsByKind() {
  const dialogue = turnsOf(DIALOGUES['self-dialogue']());
  const sets: Record<string, Turn[]> = {
    ...Object.fromEntries(
      Object.entries(PARTS).map(([part, from]) => [`self-dialogue, ${part}`, dialogue.slice(from, from + TURNS)]),
    ),
    taskmaster4: turnsOf(DIALOGUES.taskmaster4()).slice(0, TURNS),
  };
  const falseHitsByKind = RULE_TEMPLATES.flatMap((rule) => {
    const compiled = compileRule(rule);
    if (!KINDS.includes(rule.kind) || !('scan' in compiled)) return [];
    const hits = Object.entries(sets).map(([set, turns]) => {
      const hit = turns.filter(({ text, context }) => findSpans(compiled, text, context).length > 0).length;
      return [set, { turns: turns.length, hit, percent: (100 * hit) / turns.length }];
    });
    return [{ kind: rule.kind, isError: !NO_ERRORS.includes(rule.kind), ...Object.fromEntries(hits) }];
  });
  return { falseHitsByKind };
}
