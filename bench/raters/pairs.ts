// The real pairs that simulated raters judge: HH-harmless with features of the frozen base, computed once and kept.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hhComparison, parseDialogue } from '@/bench/experiments/support/hh-pairs';
import { readJsonLines } from '@/bench/experiments/support/shared-data';
import type { Base } from '@/core/base/base';
import { endOfTurn } from '@/core/base/end-of-turn';
import { RewardModelConfig } from '@/core/config/reward';
import { sha256 } from '@/core/hash';
import { hash32, Rng } from '@/core/rng';
import { loadChosenBase } from '@/product/base';
import { startBackend } from '@/trainer/backend';
import { type Comparison, promptKey } from '@/trainer/math/reward-examples';
import { computeCompletionStates } from '@/trainer/model/answer-states';
import { loadBackbone } from '@/trainer/model/backbone';
import { probedBlocks } from '@/trainer/reward/probe/fit';
import { groupOf } from '@/trainer/reward/rows';
import { lowRankRows } from './low-rank';

export interface JudgedPair {
  prompt: string;
  /** 1 if side A is the one that the data set's people chose. */
  truth: 0 | 1;
  longer: 1 | 0 | -1;
  /** Which side is cautious (1 is A), if only one is. */
  cautious: 1 | 0 | -1;
  /** Which side a taste prefers: one that asks back, and failing that one that gives advice; 0 if it does not care. */
  taste: 1 | 0 | -1;
  /** Difference of the sides' features, A minus B. */
  features: Float32Array;
  comparison: Comparison;
}

const RANK = 256;
const CAUTION =
  /\b(sorry|can[’']?t|cannot|not comfortable|don[’']t (think|know|want|understand)|illegal|wrong|shouldn[’']t|harm|dangerous|inappropriate)\b/i;
const ASKS = /\?/;
const ADVICE = /\b(you (could|should|can|might)|try)\b/i;

export const PROBE_SETTINGS = { maxTokens: 256, probe: {} };

export async function loadJudgedPairs(folder: string, work: string): Promise<JudgedPair[]> {
  const { base } = await loadChosenBase();
  const rows = readJsonLines(path.join(folder, 'dev.jsonl.gz')) as { chosen: string; rejected: string }[];
  const endId = endOfTurn(base);
  const pairs = rows.flatMap((row) => {
    const comparison = hhComparison(row, base, endId);
    return comparison ? [{ row, comparison }] : [];
  });
  const comparisons = pairs.map(({ comparison }) => comparison);
  const differences = await keptDifferences(comparisons, base, work);
  const width = differences.length / pairs.length;
  return pairs.map(({ row, comparison }, i) => {
    const isFirst = hash32(4711, i) % 2 === 0; // so that A wins half of the pairs
    const side = isFirst ? 1 : -1;
    const [chosen, rejected] = [row.chosen, row.rejected].map((text) => parseDialogue(text).at(-1)!.content);
    const only = (pattern: RegExp) => lean(Number(pattern.test(chosen!)) - Number(pattern.test(rejected!)), side);
    return {
      prompt: promptKey(comparison),
      truth: isFirst ? 1 : 0,
      longer: lean(comparison.chosenIds.length - comparison.rejectedIds.length, side),
      cautious: only(CAUTION),
      taste: only(ASKS) || only(ADVICE),
      features: differences.slice(i * width, (i + 1) * width).map((value) => side * value),
      comparison,
    };
  });
}

const lean = (difference: number, side: 1 | -1) => (Math.sign(difference) * side || 0) as 1 | 0 | -1;

/** [pairs, RANK] chosen minus rejected, with the inner products of all probed blocks' standardised states. */
async function keptDifferences(comparisons: Comparison[], base: Base, work: string): Promise<Float32Array> {
  const config = RewardModelConfig.parse(PROBE_SETTINGS);
  const file = featuresFile(base, comparisons.length, work);
  if (existsSync(file)) return new Float32Array(new Uint8Array(readFileSync(file)).buffer);
  await startBackend();
  const backbone = loadBackbone(base);
  const source = computeCompletionStates(backbone, probedBlocks(backbone.config.layers, config.probe!));
  const width = source.blocks.length * source.hiddenSize;
  const states = new Float32Array(2 * comparisons.length * width);
  for (const [i, comparison] of comparisons.entries()) {
    states.set(source.of([groupOf(comparison, config.maxTokens)]), 2 * i * width);
    if (i % 100 === 0) console.log(`states of pair ${i} of ${comparisons.length}`);
  }
  backbone.dispose();
  const differences = lowRankRows(standardisedDifferences(states, width), width, RANK);
  mkdirSync(work, { recursive: true });
  writeFileSync(file, new Uint8Array(differences.buffer));
  return differences;
}

export function featuresFile(base: Base, pairs: number, work: string): string {
  const { maxTokens, probe } = RewardModelConfig.parse(PROBE_SETTINGS);
  const key = sha256(JSON.stringify([base.sha256, pairs, maxTokens, probe, RANK])).slice(0, 12);
  return path.join(work, `raters-features-${key}.f32`);
}

/** Chosen minus rejected, after each feature is brought to deviation 1 over all completions. */
export function standardisedDifferences(states: Float32Array, width: number): Float32Array {
  const rows = states.length / width;
  const out = new Float32Array(states.length / 2);
  for (let j = 0; j < width; j++) {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < rows; i++) {
      sum += states[i * width + j]!;
      squares += states[i * width + j]! ** 2;
    }
    const deviation = Math.sqrt(Math.max(0, squares / rows - (sum / rows) ** 2)) + 1e-6;
    for (let i = 0; i < rows / 2; i++) {
      out[i * width + j] = (states[2 * i * width + j]! - states[(2 * i + 1) * width + j]!) / deviation;
    }
  }
  return out;
}

/** Prompts to folds by a fixed shuffle, the same for all seeds. */
export function foldOf(pairs: readonly JudgedPair[], folds: number): number[] {
  const prompts = new Rng(2027).shuffle([...new Set(pairs.map(({ prompt }) => prompt))].sort());
  const foldOfPrompt = new Map(prompts.map((prompt, i) => [prompt, i % folds]));
  return pairs.map(({ prompt }) => foldOfPrompt.get(prompt)!);
}
