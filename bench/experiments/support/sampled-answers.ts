// Samples a version's answers to a list of prompts once through the engine, and keeps them in a file, part by part.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Base } from '@/core/base/base';
import { hash32 } from '@/core/rng';
import { type PrivateEngine, type PrivateEngineOptions, startPrivateEngine } from '@/trainer/sampling/private-engine';

const Stored = z.object({ index: z.int(), ids: z.array(z.int()) });

export interface SampledCompletion {
  promptIds: Int32Array;
  completionIds: Int32Array;
  text: string;
  ended: boolean;
}

export interface SampleOptions {
  base: Base;
  engine: LazyEngine;
  versionId: string;
  file: string;
  maxTokens: number;
  seed: number;
  signal: AbortSignal;
}

/** An engine that starts when it is first needed. */
export interface LazyEngine {
  get(): Promise<PrivateEngine>;
  close(): Promise<void>;
}

export function lazyEngine(options: PrivateEngineOptions): LazyEngine {
  let opened: Promise<PrivateEngine> | null = null;
  mkdirSync(options.folder, { recursive: true });
  return {
    get: () => (opened ??= startPrivateEngine(options)),
    close: async () => (await opened)?.close(),
  };
}

/**
 * Answer i belongs to prompts[i] and seed i, whatever was sampled before; an answer cut in the file is sampled again.
 */
export async function sampleOnce(prompts: readonly string[], options: SampleOptions): Promise<SampledCompletion[]> {
  const { base, engine, versionId, file, maxTokens, seed, signal } = options;
  mkdirSync(path.dirname(file), { recursive: true });
  const known = readStored(file);
  const promptIds = prompts.map((content) => Int32Array.from(base.renderPrompt([{ role: 'user', content }])));
  const missing = prompts.map((_, i) => i).filter((i) => !known.has(i));
  for (let from = 0; from < missing.length; from += 64) {
    signal.throwIfAborted();
    const part = missing.slice(from, from + 64);
    const sampling = { temperature: 1, topK: 0, topP: 1, maxTokens } as const;
    const seeds = part.map((i) => hash32(seed, i));
    const asked = part.map((i) => promptIds[i]!);
    const samples = await (await engine.get()).sample(asked, versionId, sampling, seeds, signal);
    for (const [j, { ids }] of samples.entries()) known.set(part[j]!, [...ids]);
    appendFileSync(file, part.map((i) => `${JSON.stringify({ index: i, ids: known.get(i) })}\n`).join(''));
    console.log(`sampled ${known.size} of ${prompts.length} answers`);
  }
  const { eosTokenIds } = base.weights.config;
  return prompts.map((_, i) => {
    const ids = known.get(i)!;
    const ended = eosTokenIds.includes(ids.at(-1) ?? -1);
    const text = base.tokenizer.decode(ended ? ids.slice(0, -1) : ids);
    return { promptIds: promptIds[i]!, completionIds: Int32Array.from(ids), text, ended };
  });
}

function readStored(file: string): Map<number, number[]> {
  const known = new Map<number, number[]>();
  if (!existsSync(file)) return known;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (!line.endsWith('}')) continue; // the last line of a process that was killed
    const { index, ids } = Stored.parse(JSON.parse(line));
    known.set(index, ids);
  }
  return known;
}
