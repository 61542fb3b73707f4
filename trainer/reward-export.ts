// A trained reward model as an artifact that the engine side can score with.
import type { Base } from '@/core/base';
import type { RewardArtifact } from '@/core/reward-artifact';
import type { RewardModel } from './reward-scorer';

export function rewardArtifact(model: RewardModel, base: Pick<Base, 'id' | 'sha256'>): RewardArtifact {
  const { lora, heads, maxTokens, uncertaintyPenalty, gain, bias, temperature } = model;
  return {
    state: { baseId: base.id, baseSha256: base.sha256, maxTokens, uncertaintyPenalty, gain, bias, temperature },
    adapter: lora.toAdapter(),
    heads: heads.map(({ name, variables }) => ({
      weight: Float32Array.from(variables.get(`${name}.weight`)!.dataSync()),
      bias: variables.get(`${name}.bias`)!.dataSync()[0]!,
    })),
  };
}
