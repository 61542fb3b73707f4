// One training run from feedback to a judged version; every stage keeps what it made, so a run goes on wherever it was.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Adapter } from '@/core/adapter';
import { artifactDirectory, readArtifact } from '@/core/artifact';
import type { Base } from '@/core/base';
import { DEFAULT_RULES, judge, RuleSet } from '@/core/constraints';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { loadBase } from '@/core/load-base';
import type { Logger } from '@/core/logger';
import { BASE_VERSION_ID, type GateResult } from '@/core/manifest';
import { dataPaths } from '@/core/paths';
import { hash32, Rng } from '@/core/rng';
import { directoryCheckpoints } from './checkpoint';
import { PipelineConfig, PRESETS, type PresetName } from './config';
import type { Constraint } from './constraint';
import { freezeSnapshot, type Snapshot } from './dataset';
import type { TrainerSettings } from './env';
import { promptsOf, rewardExamples } from './examples';
import { type VersionOrigin, versionIdOf, writeVersion } from './export';
import { measureAnswers, sampleAnswers } from './gates/answers';
import { type GateFigures, judgeGates, verdictOf } from './gates/gates';
import { meanDifference, meanDivergence } from './gates/parity';
import { createLora, loraFromAdapter } from './model/lora';
import { loadTrunk } from './model/trunk';
import type { Lora, Trunk } from './model/types';
import { type PpoResult, type PpoState, trainPpo } from './ppo';
import type { Metrics } from './ppo-metrics';
import { type PrivateEngine, startPrivateEngine } from './private-engine';
import { type Outcome, publishVersion } from './publish';
import { scoreResponses } from './response';
import { type RewardTrainingState, trainRewardModel } from './reward-model';
import {
  normaliseReward,
  packRewardModel,
  type RewardModel,
  type RewardModelState,
  unpackRewardModel,
} from './reward-scorer';
import { type RunLease, readSetting, stageProgress } from './runs';

export async function runPipeline(lease: RunLease, settings: TrainerSettings, log: Logger): Promise<Outcome> {
  const run = await openRun(lease, settings, log);
  try {
    const snapshot = await freeze(run);
    const reward = await learnReward(run, snapshot);
    const policy = await improvePolicy(run, snapshot, reward);
    const candidate = await exportCandidate(run, snapshot, policy);
    const figures = await measureCandidate(run, snapshot, reward, candidate);
    const gates = judgeGates(figures);
    return await publish(run, candidate, policy, gates);
  } finally {
    await run.close();
  }
}

interface Run {
  lease: RunLease;
  settings: TrainerSettings;
  log: Logger;
  config: PipelineConfig;
  base: Base;
  trunk: Trunk;
  /** What is trained; starts as the parent. */
  policy: Lora;
  /** The parent's adapter, untouched; null is the base alone. */
  reference: Lora | null;
  parentAdapter: Adapter | null;
  rules: RuleSet;
  constraints: Constraint[];
  /** Of the checkpoints. */
  folder: string;
  /** Of the adapters that the private engine serves; begun anew by each attempt. */
  adapters: string;
  /** Started when first needed. */
  engine(): Promise<PrivateEngine>;
  /** Disposed with the run. */
  owned: { dispose(): void }[];
  close(): Promise<void>;
}

interface Candidate {
  origin: VersionOrigin;
  adapter: Adapter;
}

/** A run's configuration: fields over the defaults, or over a named preset; one `seed` seeds every stage differently. */
export function parseConfig(config: Record<string, unknown>): PipelineConfig {
  const { preset, seed, ...own } = config;
  if (preset !== undefined && !Object.hasOwn(PRESETS, String(preset))) {
    const names = Object.keys(PRESETS).join(', ');
    throw new AttuneError('BAD_INPUT', `There is no preset ${JSON.stringify(preset)}; choose from ${names}.`);
  }
  const seeds = seed === undefined ? {} : seedsOf(z.int().min(0).safeParse(seed));
  const under = merge(preset === undefined ? {} : PRESETS[preset as PresetName], seeds);
  const parsed = PipelineConfig.safeParse(merge(under, own));
  if (!parsed.success) {
    throw new AttuneError('BAD_INPUT', `The run's configuration: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function seedsOf(seed: { data?: number }): object {
  if (seed.data === undefined) throw new AttuneError('BAD_INPUT', "The run's seed must be a whole number from 0 on.");
  return { rewardModel: { seed: hash32(seed.data, 1) }, ppo: { seed: hash32(seed.data, 2) } };
}

function merge(under: object, over: object): object {
  const isObject = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    merged[key] = isObject(value) && isObject(merged[key]) ? merge(merged[key], value) : value;
  }
  return merged;
}

async function openRun(lease: RunLease, settings: TrainerSettings, log: Logger): Promise<Run> {
  const { run } = lease;
  const config = parseConfig(run.config);
  const folder = path.join(dataPaths(settings.dataFolder).runs, run.id);
  const adapters = path.join(folder, 'adapters');
  await rm(adapters, { recursive: true, force: true });
  await mkdir(adapters, { recursive: true });
  const rules = await freezeRules(lease, folder);
  const base = await loadBase(settings.modelPath);
  const parentAdapter = await readParent(run.parentVersionId, settings, base);
  const trunk = loadTrunk(base);
  const rng = new Rng(config.ppo.seed);
  const policy = parentAdapter
    ? loraFromAdapter(trunk.config, parentAdapter, rng)
    : createLora(trunk.config, { ...config.ppo.lora, rng });
  const reference = parentAdapter && loraFromAdapter(trunk.config, parentAdapter, rng);
  const owned = [policy, ...(reference ? [reference] : []), trunk];
  let engine: Promise<PrivateEngine> | null = null;
  return {
    ...{ lease, settings, log, config, base, trunk, policy, reference, parentAdapter, rules, folder, adapters, owned },
    constraints: rules.rules.map((rule) => {
      const alone: RuleSet = { ...rules, rules: [rule] }; // compiled once for each object
      return { name: rule.id, cost: (text) => judge(alone, text).hits.length, price: rule.cost, adaptive: null };
    }),
    engine: () => (engine ??= openEngine(settings, base, adapters, 'fp32')),
    async close() {
      const opened = await engine?.catch(() => null); // its failure has been reported to who asked for it
      await opened?.close();
      for (const tensors of owned) tensors.dispose();
    },
  };
}

const openEngine = (settings: TrainerSettings, base: Base, folder: string, precision: 'fp32' | 'int8') =>
  startPrivateEngine({
    ...{ modelPath: settings.modelPath, base, folder, precision },
    ...{ cache: settings.cache, threads: settings.engineThreads },
  });

/** The rules of the first attempt hold for the whole run. */
async function freezeRules(lease: RunLease, folder: string): Promise<RuleSet> {
  const file = path.join(folder, 'rules.json');
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (kept !== null) return RuleSet.parse(JSON.parse(kept));
  const rules = RuleSet.default(DEFAULT_RULES).parse(await readSetting(lease.db, 'constraints'));
  await writeDurably(file, JSON.stringify(rules));
  return rules;
}

async function readParent(versionId: string, settings: TrainerSettings, base: Base): Promise<Adapter | null> {
  if (versionId === BASE_VERSION_ID) return null;
  const directory = artifactDirectory(settings.artifacts, versionId);
  return (await readArtifact(directory, { verify: true, baseSha256: base.sha256 })).adapter;
}

// ---- 1. snapshot --------------------------------------------------------------------------------------------------

async function freeze({ lease, settings, log }: Run): Promise<Snapshot> {
  lease.progress('snapshot', 0, null);
  const snapshot = await freezeSnapshot(lease, dataPaths(settings.dataFolder).snapshots);
  lease.metrics('snapshot', 0, snapshot.counts);
  log.info({ snapshotId: snapshot.id, ...snapshot.counts }, 'snapshot frozen');
  return snapshot;
}

// ---- 2. reward model ----------------------------------------------------------------------------------------------

async function learnReward(run: Run, snapshot: Snapshot): Promise<RewardModel> {
  const { lease, config, trunk, folder } = run;
  const finished = directoryCheckpoints<RewardModelState>(folder, 'reward');
  const saved = await finished.read();
  if (saved) {
    const model = unpackRewardModel(trunk, saved, config.rewardModel.microBatchTokens);
    run.owned.push(model);
    return model;
  }

  const examples = rewardExamples(snapshot.rows);
  const { batchExamples, epochs, evalShare, tokenBudget } = config.rewardModel;
  const steps = Math.max(1, Math.ceil((examples.length * (1 - evalShare)) / batchExamples) * epochs);
  const report = stageProgress(lease, 'reward_model');
  const { model } = await trainRewardModel({
    trunk,
    examples,
    config: config.rewardModel,
    signal: lease.signal,
    onMetrics(stage, step, metrics) {
      lease.metrics(stage, step, metrics);
      const spent = tokenBudget && metrics.num_tokens ? metrics.num_tokens / tokenBudget : 0;
      report(0.9 * Math.min(1, Math.max(step / steps, spent)));
    },
    checkpoints: directoryCheckpoints<RewardTrainingState>(folder, 'reward_model'),
  });
  run.owned.push(model);
  const fresh = await sampleParent(run, promptsOf(snapshot.rows, 'train', config.ppo.maxPromptTokens));
  const { mean, deviation } = normaliseReward(model, fresh);
  lease.metrics('reward_model', steps + 1, { 'normalisation/mean': mean, 'normalisation/deviation': deviation });
  await finished.write(packRewardModel(model));
  await lease.flush();
  return model;
}

async function sampleParent(run: Run, prompts: Int32Array[]) {
  const { config, lease } = run;
  if (prompts.length === 0) throw noPrompts('training', config.ppo.maxPromptTokens);
  const engine = await run.engine();
  const versionId = await serveParent(run, engine);
  const asked = Array.from({ length: config.normalisationSamples }, (_, i) => prompts[i % prompts.length]!);
  const sampling = { temperature: 1, topK: 0, topP: 1, maxTokens: config.ppo.maxResponseTokens } as const;
  const seeds = asked.map((_, i) => hash32(config.ppo.seed + 3, i));
  const samples = await engine.sample(asked, versionId, sampling, seeds, lease.signal);
  return samples.map(({ ids }, i) => ({ promptIds: asked[i]!, answerIds: Int32Array.from(ids) }));
}

const serveParent = async ({ parentAdapter }: Run, engine: PrivateEngine) =>
  parentAdapter ? engine.serve('parent', parentAdapter) : BASE_VERSION_ID;

const noPrompts = (use: string, maxPromptTokens: number) =>
  new AttuneError(
    'BAD_INPUT',
    `There is no ${use} prompt of at most ${maxPromptTokens} tokens in the snapshot. Collect more conversations.`,
  );

// ---- 3. policy ----------------------------------------------------------------------------------------------------

async function improvePolicy(run: Run, snapshot: Snapshot, reward: RewardModel): Promise<PpoResult> {
  const { lease, config, trunk, policy, reference, base, constraints, folder } = run;
  const engine = await run.engine();
  const report = stageProgress(lease, 'ppo');
  const result = await trainPpo({
    ...{ trunk, policy, reference, reward, constraints, engine, config: config.ppo },
    decode: (ids) => base.tokenizer.decode(ids),
    prompts: promptsOf(snapshot.rows, 'train', config.ppo.maxPromptTokens),
    publish: (adapter) => engine.serve('policy', adapter),
    signal: lease.signal,
    onMetrics(stage, iteration, metrics) {
      lease.metrics(stage, iteration, { ...metrics, ...constraintMetrics(constraints, metrics) });
      report((iteration + 1) / (config.ppo.iterations + 1));
    },
    checkpoints: directoryCheckpoints<PpoState>(folder, 'ppo'),
  });
  await lease.flush();
  return result;
}

/** Hits an answer by rule, and the points of score that they took off a mean answer. */
function constraintMetrics(constraints: readonly Constraint[], metrics: Metrics): Metrics {
  const rates = constraints.map(({ name }) => [`constraint/${name}/rate`, metrics[`costs/${name}`] ?? 0] as const);
  const penalty = constraints.reduce((sum, { price }, i) => sum + price * rates[i]![1], 0);
  return { ...Object.fromEntries(rates), 'reward/penalty': penalty };
}

// ---- 4. export ----------------------------------------------------------------------------------------------------

/** Under the run's folder until the gates have spoken: their report is part of the published manifest. */
async function exportCandidate(run: Run, snapshot: Snapshot, { adapter }: PpoResult): Promise<Candidate> {
  const { lease, base, adapters } = run;
  lease.progress('export', 0, null);
  const origin: VersionOrigin = {
    versionId: versionIdOf(lease.run),
    base,
    runId: lease.run.id,
    parentVersionId: lease.run.parentVersionId,
    snapshot,
  };
  await writeVersion(adapters, origin, adapter, []);
  await lease.flush();
  return { origin, adapter };
}

// ---- 5. parity and gates ------------------------------------------------------------------------------------------

async function measureCandidate(
  run: Run,
  snapshot: Snapshot,
  reward: RewardModel,
  candidate: Candidate,
): Promise<GateFigures> {
  const { lease, config, settings, base, trunk, rules, adapters } = run;
  const { signal } = lease;
  const { microBatchTokens, maxPromptTokens, maxResponseTokens: maxTokens, klBudget } = config.ppo;
  const report = stageProgress(lease, 'parity');
  const prompts = promptsOf(snapshot.rows, 'heldout', maxPromptTokens);
  if (prompts.length === 0) throw noPrompts('held-out', maxPromptTokens);
  const engine = await run.engine();
  const { versionId } = candidate.origin;
  await engine.load(versionId);
  report(0.05);
  const sampling = { maxTokens, seed: hash32(config.ppo.seed, 4), signal };
  const own = await sampleAnswers(engine, versionId, prompts, sampling);
  const parents = await sampleAnswers(engine, await serveParent(run, engine), prompts, sampling);
  report(0.4);
  const { logprobs } = scoreResponses(trunk, run.policy, own.answers, microBatchTokens);
  const reference = scoreResponses(trunk, run.reference, own.answers, microBatchTokens).logprobs;
  report(0.7);
  const int8 = await openEngine(settings, base, adapters, 'int8');
  const served = await int8.score(versionId, own.answers, signal).finally(() => int8.close());
  const judging = {
    reward,
    rules,
    decode: (ids: readonly number[]) => base.tokenizer.decode(ids),
    endIds: trunk.config.eosTokenIds,
  };
  const figures: GateFigures = {
    parity: {
      fp32: meanDifference(own.engineLogprobs, logprobs),
      int8: meanDifference(served, logprobs),
      tokens: logprobs.reduce((sum, row) => sum + row.length, 0),
    },
    kl: { perAnswer: meanDivergence(logprobs, reference), budget: klBudget },
    candidate: measureAnswers(own, judging),
    parent: measureAnswers(parents, judging),
  };
  report(1);
  return figures;
}

// ---- 6. publish ---------------------------------------------------------------------------------------------------

async function publish(run: Run, candidate: Candidate, policy: PpoResult, gates: GateResult[]): Promise<Outcome> {
  const { lease, settings, folder } = run;
  const { origin, adapter } = candidate;
  lease.metrics('parity', 0, Object.fromEntries(gates.map(({ name, value }) => [`gate/${name}`, value])));
  lease.progress('publish', 0, null);
  await lease.flush();
  lease.signal.throwIfAborted();
  const manifest = await writeVersion(settings.artifacts, origin, adapter, gates);
  const outcome = await publishVersion(lease, manifest, verdictOf(origin.versionId, gates, policy.verdict));
  await tidy(folder);
  return outcome;
}

/** The run is over and cannot go on: of its folder only the reward model and the rules are of use to anybody. */
async function tidy(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('reward.') && name !== 'rules.json') await rm(path.join(folder, name), { recursive: true });
  }
}
