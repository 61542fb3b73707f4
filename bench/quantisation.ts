// Measures int8 against fp32 over the model's own answers: top-1 agreement, KL per token; writes bench/results/quantisation.json.
import { loadavg } from 'node:os';
import { loadBase } from '@/core/base/load-base';
import { Sampling } from '@/core/sampling';
import { createModelRunner } from '@/engine/runner/model-runner';
import { writeResult } from './results';

const PROMPTS = [
  'What is the capital of France?',
  'Write a two-sentence story about a robot.',
  'Explain photosynthesis to a ten-year-old.',
  'Give me three tips for a job interview.',
  'Write a short poem about the sea.',
  'How do I make an omelette?',
  'What is the difference between a list and a set in Python?',
  'Who wrote Romeo and Juliet, and what is it about?',
];
const ANSWER_TOKENS = 64;

async function main([path = process.env.ATTUNE_MODEL, cache = '.attune/graphs']: string[]): Promise<void> {
  if (!path) throw new Error('Usage: npx tsx bench/quantisation.ts <GGUF file or folder> [cache folder]');
  const base = await loadBase(path);
  const { vocabSize, eosTokenIds } = base.weights.config;
  const load = (precision: 'fp32' | 'int8') =>
    createModelRunner({ base, precision, cacheDirectory: cache, threads: 2, maxRank: 16 });
  const fp32 = await load('fp32');
  const int8 = await load('int8');
  const sampling = Sampling.parse({ temperature: 0, seed: 0, maxTokens: ANSWER_TOKENS });
  let positions = 0;
  let agreed = 0;
  let divergence = 0;
  let identical = 0;
  for (const content of PROMPTS) {
    const prompt = Int32Array.from(base.renderPrompt([{ role: 'user', content }]));
    const row = {
      cache: null,
      tokens: prompt,
      adapterId: null,
      sampling,
      position: 0,
      seen: new Int32Array(),
      stopIds: eosTokenIds,
      maxNew: ANSWER_TOKENS,
    };
    const [answer] = await fp32.run([row], ANSWER_TOKENS);
    const [quantised] = await int8.run([row], ANSWER_TOKENS);
    if (answer!.ids.join() === quantised!.ids.join()) identical++;
    const tokens = Int32Array.of(...prompt, ...answer!.ids);
    const read = answer!.ids.map((_, i) => prompt.length - 1 + i);
    const exact = await fp32.logits(tokens, read, null);
    const near = await int8.logits(tokens, read, null);
    for (let i = 0; i < read.length; i++) {
      const p = distribution(exact.subarray(i * vocabSize, (i + 1) * vocabSize));
      const q = distribution(near.subarray(i * vocabSize, (i + 1) * vocabSize));
      if (p.best === q.best) agreed++;
      for (let id = 0; id < vocabSize; id++) {
        divergence += Math.exp(p.logits[id]! - p.logSum) * (p.logits[id]! - p.logSum - q.logits[id]! + q.logSum);
      }
      positions++;
    }
  }
  await fp32.dispose();
  await int8.dispose();
  const result = {
    baseId: base.id,
    baseSha256: base.sha256,
    positions,
    topOneAgreement: agreed / positions,
    klPerToken: divergence / positions,
    identicalGreedyAnswers: `${identical} of ${PROMPTS.length}`,
    loadAverage: loadavg()[0],
    measuredAt: new Date().toISOString(),
  };
  await writeResult('quantisation', result);
  console.log(result);
}

function distribution(logits: Float32Array): { logits: Float32Array; logSum: number; best: number } {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - logits[best]!);
  return { logits, logSum: logits[best]! + Math.log(sum), best };
}

await main(process.argv.slice(2));
