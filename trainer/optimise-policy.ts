// Policy optimisation by the algorithm that the settings name: the one entry that the pipeline calls.
import { a2c } from './a2c';
import { dpo } from './dpo';
import { grpo } from './grpo';
import { kto } from './kto';
import { optimiseOnPolicy } from './on-policy';
import { onlineDpo } from './online-dpo';
import type { PolicyInput, PolicyResult } from './policy-run';
import { ppo } from './ppo';
import { optimiseOnPreferences } from './preference-run';
import { rloo } from './rloo';
import { trpo } from './trpo';

export type { Kept, PolicyInput, PolicyResult, PolicyState } from './policy-run';

export async function optimisePolicy(input: PolicyInput): Promise<PolicyResult> {
  const { config, comparisons = [], thumbs = [] } = input;
  switch (config.algorithm) {
    case 'ppo':
      return optimiseOnPolicy({ ...input, config }, ppo(config));
    case 'a2c':
      return optimiseOnPolicy({ ...input, config }, a2c(config));
    case 'trpo':
      return optimiseOnPolicy({ ...input, config }, trpo(config));
    case 'rloo':
      return optimiseOnPolicy({ ...input, config }, rloo(config));
    case 'grpo':
      return optimiseOnPolicy({ ...input, config }, grpo(config));
    case 'online-dpo':
      return optimiseOnPolicy({ ...input, config }, onlineDpo(config));
    case 'dpo':
      return optimiseOnPreferences({ ...input, config }, dpo(config, comparisons));
    case 'kto':
      return optimiseOnPreferences({ ...input, config }, kto(config, comparisons, thumbs));
  }
}
