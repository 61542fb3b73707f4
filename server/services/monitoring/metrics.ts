// The numbers of this process that Prometheus reads; the values of every label are few and known in advance.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { RUN_STATUSES, type RunStatus } from '@/core/contract';
import { RAMP, type RampPhase } from '@/core/rollout/canary';
import type { EngineStatus } from '@/engine/protocol';
import type { EndedAnswer } from './answer';

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120];

/** What is read of the other parts when somebody asks. */
export interface Reading {
  engine: EngineStatus | null;
  isTrainerAlive: boolean;
  unused: number;
  runs: ReadonlyMap<RunStatus, number>;
  canary: RampPhase | null;
  deliveries: number;
  championSince: Date;
}

export class Metrics {
  readonly registry = new Registry();
  private readonly answers = this.counter('attune_answers_total', 'Answers that have ended, by outcome.', ['status']);
  private readonly tokens = this.counter('attune_tokens_total', 'Tokens of answers that have ended.', ['kind']);
  private readonly hits = this.counter('attune_rule_hits_total', 'Parts of answers that rules found.');
  private readonly firstToken = this.histogram('attune_first_token_seconds', 'From the message to the first token.');
  private readonly answer = this.histogram('attune_answer_seconds', 'From the message to the end of the answer.');
  private readonly up = this.gauge('attune_up', '1 if the part answers.', ['part']);
  private readonly queue = this.gauge('attune_engine_requests', 'Requests in the engine.', ['state']);
  private readonly capacity = this.gauge('attune_engine_capacity', 'Most requests in the engine.');
  private readonly speed = this.gauge('attune_engine_tokens_per_second', 'Tokens a second, lately.');
  private readonly memory = this.gauge('attune_engine_resident_bytes', 'Memory of the engine.');
  private readonly votes = this.gauge('attune_unused_votes', 'Votes that no run has used; not counted beyond 10,000.');
  private readonly runs = this.gauge('attune_runs', 'Training runs, by state.', ['status']);
  private readonly canary = this.gauge('attune_canary_share', 'Share of the users with a canary; 0 without one.');
  private readonly deliveries = this.gauge('attune_webhook_deliveries_waiting', 'Deliveries that have not arrived.');
  private readonly champion = this.gauge('attune_champion_since_seconds', 'When the champion was released, Unix time.');

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  count({ status, firstTokenMs, durationMs, promptTokens, completionTokens, hits }: EndedAnswer): void {
    this.answers.inc({ status });
    this.tokens.inc({ kind: 'prompt' }, promptTokens);
    this.tokens.inc({ kind: 'completion' }, completionTokens);
    this.hits.inc(hits);
    if (firstTokenMs !== null) this.firstToken.observe(firstTokenMs / 1000);
    this.answer.observe(durationMs / 1000);
  }

  /** In Prometheus's text format, with what was just read of the other parts. */
  async text({ engine, isTrainerAlive, unused, runs, canary, deliveries, championSince }: Reading): Promise<string> {
    this.up.set({ part: 'engine' }, engine ? 1 : 0);
    this.up.set({ part: 'trainer' }, isTrainerAlive ? 1 : 0);
    this.queue.set({ state: 'running' }, engine?.running ?? 0);
    this.queue.set({ state: 'waiting' }, engine?.waiting ?? 0);
    this.capacity.set(engine?.capacity ?? 0);
    this.speed.set(engine?.tokensPerSecond ?? 0);
    this.memory.set(engine?.residentBytes ?? 0);
    this.votes.set(unused);
    for (const status of RUN_STATUSES) this.runs.set({ status }, runs.get(status) ?? 0);
    this.canary.set(canary ? RAMP[canary] : 0);
    this.deliveries.set(deliveries);
    this.champion.set(championSince.getTime() / 1000);
    return this.registry.metrics();
  }

  private counter<L extends string = never>(name: string, help: string, labelNames: L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private gauge<L extends string = never>(name: string, help: string, labelNames: L[] = []): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram(name: string, help: string): Histogram {
    return new Histogram({ name, help, buckets: SECONDS, registers: [this.registry] });
  }
}
