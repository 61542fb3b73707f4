// The settings that every rule has, whatever it forbids.
import { z } from 'zod';

/** What happens to a person's message that breaks a rule. */
export const INPUT_ACTIONS = ['off', 'flag', 'mask', 'block'] as const;
/** What happens to an answer that breaks a rule. `regenerate` and `best-of-n` show nothing of what broke it. */
export const OUTPUT_ACTIONS = ['off', 'flag', 'mask', 'block', 'regenerate', 'best-of-n'] as const;

/** To whom a rule may be limited: by the door that they came through. What people say of themselves changes no answer. */
export const AUDIENCES = ['guest', 'member', 'api'] as const;

export const RULE_LIMITS = {
  name: 80,
  message: 300,
  exampleText: 4000,
  examples: 1000,
  terms: 5000,
  term: 64,
} as const;

/** A text and whether the rule must hit it: the rule's own tests. */
export const Example = z.strictObject({
  text: z.string().min(1).max(RULE_LIMITS.exampleText),
  isHit: z.boolean(),
  /** The hit from whose text it was taken: it goes, from every version of the rule, when that text is deleted. */
  hitId: z.uuid().optional(),
});
export type Example = z.infer<typeof Example>;

export const RuleBase = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,64}$/, 'Use 1 to 64 of a-z, 0-9 and "-".'),
  /** Grows by one with every change of the rule. */
  version: z.int().positive().default(1),
  /** For admins. */
  name: z.string().trim().max(RULE_LIMITS.name).default(''),
  input: z.enum(INPUT_ACTIONS).default('flag'),
  output: z.enum(OUTPUT_ACTIONS).default('mask'),
  /** What a person reads in place of what was stopped; null is the standard sentence. */
  message: z.string().trim().min(1).max(RULE_LIMITS.message).nullable().default(null),
  /** To whom it applies while they chat; empty is everyone. In training it always applies. */
  audiences: z.array(z.enum(AUDIENCES)).max(AUDIENCES.length).default([]),
  /** What one hit costs in training: points of reward, or the multiplier's start if there is a target. 0 costs nothing. */
  cost: z.number().min(0).max(100).default(1),
  /** Hits per answer that training aims at by PPO-Lagrangian; null keeps the cost fixed. */
  target: z.number().min(0).max(1).nullable().default(null),
  examples: z.array(Example).max(RULE_LIMITS.examples).default([]),
});

/** A word or phrase in a list. */
export const Term = z.string().trim().min(2).max(RULE_LIMITS.term);

/** What a rule that asks a model or another server has besides. */
export const FallibleRule = RuleBase.extend({
  /** What a text counts as if the rule gives no verdict. */
  onFailure: z.enum(['forbid', 'allow']).default('forbid'),
  /** How long a verdict is waited for. */
  timeoutMs: z.int().min(50).max(30_000).default(2000),
});
