// The data that a run of any algorithm holds, keeps in its checkpoint and returns.

import type { Adapter } from '@/core/artifact/adapter';
import type { AlgorithmName, PolicyConfig } from '@/core/config/policy';
import { AttuneError } from '@/core/errors';
import { type Finding, type Statement, sayVerdict } from '@/core/verdict';
import type { StoredGeneration } from '@/trainer/data/examples';
import type { PreferencePair, ThumbedCompletion } from '@/trainer/math/loss/preference';
import type { ScalarHead } from '@/trainer/model/heads';
import { AdamW } from '@/trainer/model/optim';
import type { Backbone, Lora, NamedVariables } from '@/trainer/model/types';
import {
  type CheckpointStore,
  type NamedTensors,
  packOptimiser,
  packVariables,
  unpackOptimiser,
  unpackVariables,
} from '@/trainer/runs/checkpoint';
import type { Metrics } from '@/trainer/runs/store';
import type { Completion } from '@/trainer/sampling/completion-logprobs';
import type { Experience, ExperienceSources } from './experience';
import { packExperience, unpackExperience } from './experience-pack';

export interface PolicyInput<Config = PolicyConfig> extends ExperienceSources {
  config: Config;
  /** Rendered prompts as ids; each iteration takes the next ones from an order shuffled by the seed. */
  prompts: readonly Int32Array[];
  /** Makes the policy of an iteration known to the engine and returns its name there. */
  publish(adapter: Adapter, iteration: number): Promise<string>;
  /** Tries a published policy's answers before it is kept; without it, any policy within the budget may be kept. */
  tryOut?: ((adapterId: string) => Promise<Trial>) | undefined;
  signal: AbortSignal;
  onMetrics(stage: 'ppo', iteration: number, metrics: Metrics): void;
  checkpoints: CheckpointStore<PolicyState> | null;
  /** Logged completions that may serve as experience, for algorithms with a value function. */
  stored?: readonly StoredGeneration[];
  /** Completions to imitate in addition to the reward, if `demonstrationCoefficient` is set. */
  demonstrations?: readonly Completion[];
  /** The data that DPO and KTO learn from. */
  comparisons?: readonly PreferencePair[];
  thumbs?: readonly ThumbedCompletion[];
}

/** Everything but tensors that a resumed run needs; each algorithm's loop adds its own. */
export interface PolicyState {
  algorithm: AlgorithmName;
  /** Optimiser steps of the policy in the whole run. */
  optimiserSteps: number;
  best: Kept;
  /** Why the run ended; null while it continues. */
  verdict: Statement | null;
}

/** Results of a policy's answers to prompts that it does not learn from. */
export interface Trial {
  figures: Metrics;
  /** Why it must not be kept; empty if it may be. */
  problems: Finding[];
}

/** The policy kept so far: best objective within the budget, its trial passed. Iteration 0 is the parent. */
export interface Kept {
  /** The iteration of fresh experience; for DPO and KTO the epoch. */
  iteration: number;
  /** Reward less fixed penalties and divergence; for DPO and KTO the held-out loss, negated. */
  objective: number;
  /** By how much its costs are over their targets; absent for DPO and KTO, and in checkpoints of earlier releases. */
  excess?: number;
  /** Mean score; for DPO and KTO the held-out accuracy. */
  score: number;
  /** Nats per completion; for DPO and KTO by how much the held-out completions' log-probs have fallen. */
  kl: number;
}

export interface PolicyResult {
  /** The kept policy, which the input's `policy` also holds. */
  adapter: Adapter;
  kept: Kept;
  /** Why the run ended, and in English. */
  statements: Statement[];
  verdict: string;
}

/** The tensors that are trained, and their optimiser. */
export interface Learner {
  backbone: Backbone;
  policy: Lora;
  /** Null if the algorithm has no value function. */
  valueHead: ScalarHead | null;
  /** The variables of the policy and of the value head. */
  variables: NamedVariables;
  optimiser: AdamW;
}

export interface PolicyRun<State extends PolicyState, Config> {
  input: PolicyInput<Config>;
  state: State;
  learner: Learner;
  experience: Experience | null;
  best: NamedTensors;
}

type RunConfig = Pick<PolicyConfig, 'algorithm' | 'adamEpsilon'>;

/** A new run, or the one that the checkpoint holds. The learner is freed by `closeRun`. */
export async function openRun<State extends PolicyState, Config extends RunConfig>(
  input: PolicyInput<Config>,
  valueHead: ScalarHead | null,
  startState: Omit<State, keyof PolicyState>,
): Promise<PolicyRun<State, Config>> {
  const { policy, backbone, config } = input;
  const variables = new Map([...policy.variables, ...(valueHead?.variables ?? [])]);
  const optimiser = new AdamW({ epsilon: config.adamEpsilon });
  const learner = { backbone, policy, valueHead, variables, optimiser };
  const saved = await input.checkpoints?.read();
  if (!saved) {
    const state = {
      ...startState,
      algorithm: config.algorithm,
      optimiserSteps: 0,
      best: { iteration: 0, objective: -Number.MAX_VALUE, score: 0, kl: 0 },
      verdict: null,
    } as unknown as State;
    return { input, state, learner, experience: null, best: packVariables('best', policy.variables) };
  }
  if (saved.state.algorithm !== config.algorithm) {
    throw new AttuneError(
      'BAD_INPUT',
      `The checkpoint is from the algorithm ${saved.state.algorithm}, but the run asks for ${config.algorithm}. Start another run.`,
    );
  }
  unpackVariables('now', variables, saved.tensors);
  unpackOptimiser(optimiser, variables, saved.tensors);
  const best = new Map([...saved.tensors].filter(([name]) => name.startsWith('best.')));
  return { input, state: readState(saved.state as State), learner, experience: unpackExperience(saved.tensors), best };
}

/** Earlier releases kept sentences where statements and findings are now. */
function readState<State extends PolicyState>(state: State): State {
  const verdict: unknown = state.verdict;
  const passedOver = 'passedOver' in state ? (state.passedOver as { problems: readonly unknown[] }) : null;
  const isOld = typeof verdict === 'string' || passedOver?.problems.some((problem) => typeof problem === 'string');
  if (!isOld) return state;
  return {
    ...state,
    verdict: typeof verdict === 'string' ? { code: 'sentence', text: verdict } : verdict,
    // A sentence of the verdict told of them.
    ...(passedOver ? { passedOver: { count: 0, problems: [] } } : {}),
  };
}

export async function saveRun<State extends PolicyState, Config>(run: PolicyRun<State, Config>): Promise<void> {
  const { input, state, learner, experience, best } = run;
  if (!input.checkpoints) return;
  const tensors: NamedTensors = new Map([
    ...packVariables('now', learner.variables),
    ...packOptimiser(learner.optimiser),
    ...best,
    ...(experience ? packExperience(experience) : []),
  ]);
  await input.checkpoints.write({ state, tensors });
}

/** Keeps the current policy. */
export function keepPolicy<State extends PolicyState, Config>(run: PolicyRun<State, Config>, kept: Kept): void {
  run.state.best = kept;
  run.best = packVariables('best', run.input.policy.variables);
}

/** Puts the kept policy back into the variables; `more` follows the reason for the run's end. */
export function finishRun<State extends PolicyState, Config>(
  { input, state, best }: PolicyRun<State, Config>,
  more: readonly Statement[] = [],
) {
  const statements = [state.verdict!, ...more];
  unpackVariables('best', input.policy.variables, best);
  return {
    adapter: input.policy.toAdapter(),
    kept: state.best,
    statements,
    verdict: sayVerdict(statements),
  } satisfies PolicyResult;
}

export function closeRun({ learner }: { learner: Learner }): void {
  learner.valueHead?.dispose();
  learner.optimiser.dispose();
}
