// Measures the served precision's mean KL per token to the fp32 graph, over the assistant turns of real dialogue.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Base } from '@/core/base/base';
import { createModelRunner, type InspectableModelRunner } from '@/engine/runner/model-runner';

const MAX_TOKENS = 384;
const POSITIONS_AT_A_TIME = 96;

interface Node {
  text: string;
  role: string;
  replies?: Node[];
}

/** Each tree's first question and answer, as both are rendered for the model; null if the data is absent. */
export function readDialogues(sharedFolder: string): { question: string; answer: string }[] | null {
  const path = join(sharedFolder, 'data', 'oasst-en100', 'dev.jsonl.gz');
  if (!existsSync(path)) return null;
  const trees = gunzipSync(readFileSync(path)).toString().trim().split('\n');
  return trees.flatMap((line) => {
    const { text, replies = [] } = JSON.parse(line) as Node;
    const answer = replies.find(({ role }) => role === 'assistant');
    return answer ? [{ question: text, answer: answer.text }] : [];
  });
}

export async function measureDivergence(
  base: Base,
  dialogues: { question: string; answer: string }[],
  { positions: wanted, cacheDirectory, threads }: { positions: number; cacheDirectory: string; threads: number },
): Promise<{ klPerToken: number; topOneAgreement: number; positions: number }> {
  const load = (precision: 'fp32' | 'int8') =>
    createModelRunner({ base, precision, cacheDirectory, threads, maxRank: 16 });
  const exact = await load('fp32');
  const served = await load('int8');
  const sum = { divergence: 0, agreed: 0, positions: 0 };
  for (const { question, answer } of dialogues) {
    if (sum.positions >= wanted) break;
    const prompt = base.renderPrompt([{ role: 'user', content: question }]);
    const tokens = Int32Array.from([...prompt, ...base.tokenizer.encode(answer)].slice(0, MAX_TOKENS));
    for (let from = prompt.length - 1; from < tokens.length - 1; from += POSITIONS_AT_A_TIME) {
      const until = Math.min(from + POSITIONS_AT_A_TIME, tokens.length - 1);
      await compare(exact, served, tokens.subarray(0, until), from, sum);
    }
  }
  await exact.dispose();
  await served.dispose();
  const { positions, divergence, agreed } = sum;
  return { klPerToken: divergence / positions, topOneAgreement: agreed / positions, positions };
}

async function compare(
  exact: InspectableModelRunner,
  served: InspectableModelRunner,
  tokens: Int32Array,
  from: number,
  sum: { divergence: number; agreed: number; positions: number },
): Promise<void> {
  const { vocabSize } = exact.config;
  const read = Array.from({ length: tokens.length - from }, (_, i) => from + i);
  const [p, q] = [await exact.logits(tokens, read, null), await served.logits(tokens, read, null)]; // [positions, V]
  for (let i = 0; i < read.length; i++) {
    const a = distribution(p.subarray(i * vocabSize, (i + 1) * vocabSize));
    const b = distribution(q.subarray(i * vocabSize, (i + 1) * vocabSize));
    if (a.best === b.best) sum.agreed++;
    for (let id = 0; id < vocabSize; id++) {
      const logP = a.logits[id]! - a.logSum;
      sum.divergence += Math.exp(logP) * (logP - b.logits[id]! + b.logSum);
    }
    sum.positions++;
  }
}

function distribution(logits: Float32Array): { logits: Float32Array; logSum: number; best: number } {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - logits[best]!);
  return { logits, logSum: logits[best]! + Math.log(sum), best };
}
