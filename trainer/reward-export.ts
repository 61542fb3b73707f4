// A trained reward model as an artifact that the engine side can score with.
import type { Base } from '@/core/base';
import type { RewardArtifact } from '@/core/reward-artifact';
import type { RewardModel } from './reward-scorer';

export function rewardArtifact(model: RewardModel, base: Pick<Base, 'id' | 'sha256'>): RewardArtifact {
  const { reader, maxTokens, uncertaintyPenalty, gain, bias, temperature } = model;
  return {
    state: { baseId: base.id, baseSha256: base.sha256, maxTokens, uncertaintyPenalty, gain, bias, temperature },
    ...reader.parts(),
  };
}
