// A trained reward model as an artifact that the engine side can score with.

import type { RewardArtifact } from '@/core/artifact/reward-artifact';
import type { Base } from '@/core/base/base';
import type { RewardModel } from './scorer';

export function rewardArtifact(model: RewardModel, base: Pick<Base, 'id' | 'sha256'>): RewardArtifact {
  const { reader, maxTokens, uncertaintyPenalty, gain, bias, temperature } = model;
  return {
    state: { baseId: base.id, baseSha256: base.sha256, maxTokens, uncertaintyPenalty, gain, bias, temperature },
    ...reader.parts(),
  };
}
