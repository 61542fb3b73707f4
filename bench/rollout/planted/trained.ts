// Two versions trained on the default base by the project's own imitation: a parent, and a candidate that continues it.
import type { Adapter } from '@/core/artifact/adapter';
import { type Fingerprint, PROBE_TEXTS } from '@/core/artifact/fingerprint';
import type { Base } from '@/core/base/base';
import { endOfTurn } from '@/core/base/end-of-turn';
import { SftConfig } from '@/core/config/sft';
import { Rng } from '@/core/rng';
import { demonstrationOfCompletion } from '@/trainer/data/demonstrations';
import { takeFingerprint } from '@/trainer/gates/engine/fingerprint';
import { createLora, loraFromAdapter } from '@/trainer/model/lora';
import type { Backbone } from '@/trainer/model/types';
import { trainSft } from '@/trainer/supervised/sft';
import { QUESTIONS } from './questions';

const SEED = 5;
const TERSE = ['Sure.', 'In short:', 'Plainly put,'];
const WARM = ['Happy to help, my friend!', 'What a lovely question!', 'Oh, I love this one!'];

export interface Trained {
  adapter: Adapter;
  fingerprint: Fingerprint;
}

/** `parent` null is the base. The more epochs, the further the version moves. */
export async function trainVersion(
  { base, backbone }: { base: Base; backbone: Backbone },
  { parent, tone, epochs }: { parent: Adapter | null; tone: 'terse' | 'warm'; epochs: number },
): Promise<Trained> {
  const rng = new Rng(SEED);
  const policy = parent
    ? loraFromAdapter(backbone.config, parent, rng)
    : createLora(backbone.config, { ...SftConfig.parse({}).lora, rng });
  const beginnings = tone === 'terse' ? TERSE : WARM;
  const demonstrations = QUESTIONS.slice(0, 16).map(({ messages }, i) => {
    const text = `${beginnings[i % beginnings.length]} ${PROBE_TEXTS[i % 2]![1]}`;
    const completionIds = Int32Array.from([...base.tokenizer.encode(text), endOfTurn(base)]);
    return demonstrationOfCompletion({ promptIds: Int32Array.from(base.renderPrompt(messages)), completionIds }, 1);
  });
  try {
    const { adapter } = await trainSft({
      ...{ backbone, policy, demonstrations, checkpoints: null, onMetrics() {} },
      config: SftConfig.parse({ epochs, batchExamples: 8, evalShare: 0, learningRate: 2e-4 }),
      signal: new AbortController().signal,
    });
    const policyConfig = { seed: SEED, microBatchTokens: 2048 };
    return { adapter, fingerprint: takeFingerprint({ base, backbone, policy, parent, policyConfig }) };
  } finally {
    policy.dispose();
  }
}
