// The stages of a release by canary, what an admin may set, and what a person may do to it.
import { z } from 'zod';

/** Of the users who get the candidate, in the order in which a release reaches them. */
export const RAMP = { share_1: 0.01, share_5: 0.05, share_10: 0.1, share_25: 0.25, share_50: 0.5 } as const;
export type RampPhase = keyof typeof RAMP;
export const RAMP_PHASES = Object.keys(RAMP) as [RampPhase, ...RampPhase[]];

export const CANARY_PHASES = [...RAMP_PHASES, 'promoted', 'rolled_back'] as const;
export type CanaryPhase = (typeof CANARY_PHASES)[number];

export const isRamp = (phase: CanaryPhase): phase is RampPhase => phase in RAMP;

/** Null at the last one: what follows is the promotion. */
export const nextPhase = (phase: RampPhase): RampPhase | null => RAMP_PHASES[RAMP_PHASES.indexOf(phase) + 1] ?? null;

export const CanarySettings = z.strictObject({
  /** A step lasts at least this long, */
  minutesPerStep: z.number().min(0).max(10_080).default(30),
  /** and until the candidate has finished so many answers in it. */
  answersPerStep: z.int().min(1).max(1_000_000).default(50),
  /** The candidate is promoted once votes show that it is at most this much worse, as a share of the votes. */
  margin: z.number().min(0.01).max(0.5).default(0.1),
  /** Without a decision by then the candidate is taken back. */
  mostDays: z.number().positive().max(90).default(14),
});
export type CanarySettings = z.infer<typeof CanarySettings>;

/** What a person may do, always with a reason. */
export const CANARY_ACTS = ['pause', 'resume', 'raise', 'promote', 'roll_back'] as const;
export type CanaryAct = (typeof CANARY_ACTS)[number];
