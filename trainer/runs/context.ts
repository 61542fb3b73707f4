// An opened run: its configuration, rules and models in memory, and the engine that samples for it.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Adapter, checkAdapter } from '@/core/artifact/adapter';
import { readAdapter } from '@/core/artifact/adapter-files';
import { readArtifact } from '@/core/artifact/artifact';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import type { PolicyConfig } from '@/core/config/policy';
import { type PipelineConfig, parseConfig, policyConfigOf } from '@/core/config/presets';
import type { RuleSet } from '@/core/constraints/rules';
import type { Logger } from '@/core/logger';
import { Rng } from '@/core/rng';
import type { PipelineSettings } from '@/trainer/env';
import type { Constraint } from '@/trainer/math/constraint';
import { loadBackbone } from '@/trainer/model/backbone';
import { createLora, loraFromAdapter } from '@/trainer/model/lora';
import type { Backbone, Lora } from '@/trainer/model/types';
import { type PrivateEngine, startPrivateEngine } from '@/trainer/sampling/private-engine';
import { recordMetrics } from './metrics-log';
import { constraintsOf } from './rules/constraints';
import { freezeRules } from './rules/freeze';
import type { RunHome, RunSink } from './store';

export interface Run {
  home: RunHome;
  /** The home's sink, which also keeps the curves as files. */
  sink: RunSink;
  settings: PipelineSettings;
  log: Logger;
  config: PipelineConfig;
  /** The settings of the chosen algorithm. */
  policyConfig: PolicyConfig;
  base: Base;
  backbone: Backbone;
  /** The adapter that is trained; starts as the parent, or is the one from elsewhere. */
  policy: Lora;
  /** The unchanged start of the policy stage: the parent, or the imitated policy; null is only the base. */
  reference: Lora | null;
  start: Adapter | null;
  /** null is only the base. */
  parent: Adapter | null;
  /** The adapter from elsewhere that is judged as it is; null for a run that trains. */
  imported: Adapter | null;
  rules: RuleSet;
  constraints: Constraint[];
  /** Folder of the adapters that the private engines serve; emptied at the start of each attempt. */
  adapters: string;
  /** Started when first needed. */
  engine(): Promise<PrivateEngine>;
  /** Starts a further engine; the caller closes it. */
  openEngine(precision: 'fp32' | 'int8'): Promise<PrivateEngine>;
  /** Disposed with the run. */
  owned: { dispose(): void }[];
  close(): Promise<void>;
}

export async function openRun(home: RunHome, settings: PipelineSettings, log: Logger): Promise<Run> {
  const config = parseConfig(home.order.config);
  const adapters = path.join(home.folder, 'adapters');
  await rm(adapters, { recursive: true, force: true });
  await mkdir(adapters, { recursive: true });
  const frozen = await freezeRules(home, settings.classifiers, async (...asked) =>
    (await startEngine()).classify(...asked),
  );
  const constraints = constraintsOf(frozen, config.constraints, home.signal);
  const base = await loadBase(settings.modelPath);
  const parent = await readParent(home, base);
  const backbone = loadBackbone(base);
  const policyConfig = policyConfigOf(config);
  const rng = new Rng(policyConfig.seed);
  const imported = await readImported(home, base);
  const start = imported ?? parent;
  const policy = start
    ? loraFromAdapter(backbone.config, start, rng)
    : createLora(backbone.config, { ...policyConfig.lora, rng });
  const reference = parent && loraFromAdapter(backbone.config, parent, rng);
  const owned = [policy, ...(reference ? [reference] : []), backbone];
  const openEngine = (precision: 'fp32' | 'int8') =>
    startPrivateEngine({
      modelPath: settings.modelPath,
      base,
      folder: adapters,
      precision,
      cache: settings.cache,
      threads: settings.engineThreads,
    });
  let engine: Promise<PrivateEngine> | null = null;
  const startEngine = () => (engine ??= openEngine('fp32'));
  return {
    ...{
      home,
      sink: recordMetrics(home, home.folder),
      settings,
      log,
      config,
      policyConfig,
      base,
      backbone,
      policy,
      reference,
    },
    start: parent,
    parent,
    imported,
    rules: frozen.rules,
    adapters,
    owned,
    openEngine,
    constraints,
    engine: startEngine,
    async close() {
      const opened = await engine?.catch(() => null); // its failure was reported to the caller that asked for it
      await opened?.close();
      for (const tensors of owned) tensors.dispose();
    },
  };
}

async function readParent({ order }: RunHome, base: Base): Promise<Adapter | null> {
  if (order.parentDirectory === null) return null;
  return (await readArtifact(order.parentDirectory, { verify: true, base })).adapter;
}

async function readImported({ order }: RunHome, base: Base): Promise<Adapter | null> {
  if (order.imported === null) return null;
  const adapter = await readAdapter(order.imported.directory);
  checkAdapter(adapter, base.weights.config);
  return adapter;
}

/** An adapter's name in an engine, after loading it there unless it is the base. */
export const serveAdapter = async (engine: PrivateEngine, name: string, adapter: Adapter | null): Promise<string> =>
  adapter ? engine.serve(name, adapter) : BASE_VERSION_ID;
