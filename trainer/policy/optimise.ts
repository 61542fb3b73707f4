// Policy optimisation by the algorithm that the settings name: the only entry point for the pipeline.
import { a2c } from './algorithms/a2c';
import { dpo } from './algorithms/dpo';
import { grpo } from './algorithms/grpo';
import { kto } from './algorithms/kto';
import { onlineDpo } from './algorithms/online-dpo';
import { ppo } from './algorithms/ppo';
import { rloo } from './algorithms/rloo';
import { trpo } from './algorithms/trpo';
import { optimiseOnPolicy } from './loop';
import { optimiseOnPreferences } from './offline-loop';
import type { PolicyInput, PolicyResult } from './run';

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
