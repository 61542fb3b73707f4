// Measures streams through the engine's client: tokens per second once every stream runs, and time to first tokens.
import { readFileSync } from 'node:fs';
import { Sampling } from '@/core/sampling';
import type { EngineClient } from '@/engine/client';

export interface StreamFigures {
  /** From the last stream's first token to the first stream's end. */
  tokensPerSecond: number;
  /** Until every stream had its first token. */
  firstTokenMs: number;
  answers: number[][];
}

export interface StreamOptions {
  count: number;
  /** One per stream, in turn. */
  versions: string[];
  sampling?: Partial<Sampling>;
  /** Excluded from sampling, so that every stream reaches `count`, as the peer's do. */
  stopIds: readonly number[];
}

let runs = 0;

export async function runStreams(
  client: EngineClient,
  prompts: number[][],
  options: StreamOptions,
): Promise<StreamFigures> {
  const { count, versions, stopIds } = options;
  const logitBias = Object.fromEntries(stopIds.map((id) => [String(id), -100]));
  const run = runs++;
  const started = performance.now();
  const arrivals: { at: number; stream: number; tokens: number }[] = [];
  const answers = await Promise.all(
    prompts.map(async (promptIds, stream) => {
      const ids: number[] = [];
      const sampling = Sampling.parse({
        temperature: 0,
        seed: stream,
        maxTokens: count,
        logitBias,
        ...options.sampling,
      });
      const request = {
        requestId: `${run}.${stream}`,
        versionId: versions[stream % versions.length]!,
        promptIds,
        sampling,
      };
      for await (const event of client.generate(request)) {
        if (event.type !== 'tokens') continue;
        ids.push(...event.ids);
        arrivals.push({ at: performance.now(), stream, tokens: event.ids.length });
      }
      return ids;
    }),
  );
  const ofStream = prompts.map((_, stream) => arrivals.filter((arrival) => arrival.stream === stream));
  const begin = Math.max(...ofStream.map((own) => own[0]!.at));
  const end = Math.min(...ofStream.map((own) => own.at(-1)!.at));
  const between = arrivals.filter(({ at }) => at > begin && at <= end);
  const tokens = between.reduce((sum, arrival) => sum + arrival.tokens, 0);
  return { tokensPerSecond: (tokens / (end - begin)) * 1000, firstTokenMs: begin - started, answers };
}

/** The peak resident memory of a process, in bytes. */
export function peakBytes(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/);
  return Number(line![1]) * 1024;
}
