// Group relative policy optimisation: scores normalised over one prompt's completions, divergence (k3) in the loss.
//
// Shao et al. 2024, equation 3, with outcome rewards. Left out: process rewards, and replacing the reference during a
// run.

import type { GrpoConfig } from '@/core/config/policy';
import type { OnPolicyAlgorithm } from './algorithm';
import { grouped } from './rloo';

export const grpo = (config: GrpoConfig): OnPolicyAlgorithm => grouped(config, 'normalised');
