import { performance } from 'node:perf_hooks';
import { loadBase } from '@/core/load-base';
import { startBackend } from '@/trainer/backend';
import { createLora, loraFromAdapter } from '@/trainer/model/lora';
import { loadTrunk } from '@/trainer/model/trunk';
import { Rng } from '@/core/rng';
import { POLICY_CONFIGS } from '@/trainer/policy-config';
import { optimisePolicy } from '@/trainer/optimise-policy';
import { batchEngine } from '@/test/trainer/policy-task';
await startBackend();
const base = await loadBase('.attune/models/smollm2-135m-instruct');
const trunk = loadTrunk(base);
const words = ['a', 'the', 'I', 'you'];
const prompts = ['Tell me about rivers.', 'How do I cook rice?', 'What is a star?', 'Give me a tip.'].map((t) => Int32Array.from(base.tokenizer.encode(`<|im_start|>user\n${t}<|im_end|>\n<|im_start|>assistant\n`)));
for (const [name, own] of [['trpo', { conjugateGradientSteps: 10 }], ['grpo', { samplesPerPrompt: 4, minibatch: 8 }], ['ppo', {}]] as const) {
  const policy = createLora(trunk.config, { rank: 16, alpha: 32, rng: new Rng(1) });
  const engine = batchEngine(trunk);
  const since = performance.now();
  let last = since;
  const r = await optimisePolicy({ trunk, policy, reference: null, constraints: [], engine, publish: engine.publish,
    config: POLICY_CONFIGS[name].parse({ iterations: 1, sequences: 16, maxResponseTokens: 24, minWords: 0, eosPenalty: 0, ...own }),
    reward: { score: (answers) => answers.map(({ answerIds }) => base.tokenizer.decode([...answerIds]).split(/\W+/).filter((w) => words.includes(w)).length / 3) },
    decode: (ids) => base.tokenizer.decode(ids), prompts, signal: new AbortController().signal, checkpoints: null,
    onMetrics: (_s, i, m) => { const now = performance.now(); console.log(name, i, ((now - last) / 1000).toFixed(1) + ' s', JSON.stringify(Object.fromEntries(Object.entries(m).filter(([k]) => /trpo|objective\/(kl|scores)|grad_norm|ratio$|approxkl/.test(k))))); last = now; } });
  console.log(name, r.verdict);
  policy.dispose(); engine.dispose();
}
