// The parts of one web process that every service works with.
import type { Base } from '@/core/base/base';
import type { Classifiers } from '@/core/classifier/classifiers';
import type { Tools } from '@/core/constraints/scanner';
import type { Logger } from '@/core/logger';
import type { SecretBox } from '@/core/secret-box';
import type { Database } from '@/db/client';
import type { Listener } from '@/db/listener';
import type { EngineClient } from '@/engine/client';
import type { RuleBook } from '@/server/constraints/rule-book';
import type { Outgoing } from '@/server/http/outgoing';
import type { RunningGeneration } from './generation/running-generation';
import type { Monitor } from './monitoring/monitor';
import type { Calculator } from './statistics/kept/calculator';

export interface Product {
  log: Logger;
  db: Database;
  listener: Listener;
  /** Tokenizer and chat template; the web process reads no weights. */
  base: Base;
  engine: EngineClient;
  /** The folder of versions. */
  artifacts: string;
  /** The folder of frozen data sets. */
  snapshots: string;
  /** The folder of training runs, where each leaves its reports. */
  runs: string;
  /** The folder of what browsers are sending. */
  uploads: string;
  /** The largest rank of an adapter that the engine serves. */
  maxRank: number;
  /** Longest prompt plus answer, in tokens. */
  maxContext: number;
  /** Counts figures that take long. */
  calculator: Calculator;
  /** Generations whose tokens this process is receiving, by id. */
  running: Map<string, RunningGeneration>;
  /** Seals the keys of judges and the secrets of webhooks. */
  secrets: SecretBox;
  rules: RuleBook;
  /** Those that rules may name. */
  classifiers: Classifiers;
  /** What rules may ask. */
  tools: Tools;
  /** Sends requests to addresses that admins enter. */
  outgoing: Outgoing;
  /** Metrics and traces of this process. */
  monitor: Monitor;
  /** Uniform in [0, 1). */
  random: () => number;
}

/** Makes the seed of an answer whose request sets none. */
export const drawSeed = ({ random }: Product) => Math.floor(random() * 2 ** 48);
