// Runs only the sampling step of the graph, on given logits, so that tests can try any setting on any distribution.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { sample } from '@/engine/graph/sample';
import { ExternalData, Graph } from '@/engine/graph/writer';
import { type SampledRow, samplingFeeds } from '@/engine/runner/sampler';

const TYPES = {
  logits: 'float32',
  uniforms: 'float32',
  history: 'float32',
  inverseTemperature: 'float32',
  isGreedy: 'bool',
  topK: 'int64',
  topP: 'float32',
  minP: 'float32',
  penalty: 'float32',
  presence: 'float32',
  frequency: 'float32',
  biasIds: 'int64',
  biases: 'float32',
  forced: 'int64',
  hasPenalty: 'bool',
  hasBias: 'bool',
  hasMinP: 'bool',
  hasSampling: 'bool',
  hasTruncation: 'bool',
  candidates: 'int64',
  reported: 'int64',
} as const;

export interface Draw {
  token: number;
  logprob: number;
  top: { ids: number[]; logprobs: number[] };
}

export class SampleGraph {
  private constructor(
    private readonly session: InferenceSession,
    private readonly vocab: number,
  ) {}

  static async create(vocab: number): Promise<SampleGraph> {
    const folder = mkdtempSync(join(tmpdir(), 'attune-sample-'));
    const graph = new Graph(new ExternalData(join(folder, 'data'), 'data'));
    for (const [name, type] of Object.entries(TYPES)) graph.input(name, type, null);
    const names = Object.fromEntries(Object.keys(TYPES).map((name) => [name, name])) as Record<
      keyof typeof TYPES,
      string
    >;
    const { token, logprob, topIds, topLogprobs, history } = sample(graph, names, vocab);
    graph.output(token, 'int64', 'token');
    graph.output(logprob, 'float32', 'logprob');
    graph.output(topIds, 'int64', 'topIds');
    graph.output(topLogprobs, 'float32', 'topLogprobs');
    graph.output(history, 'float32', 'nextHistory');
    const path = join(folder, 'sample.onnx');
    writeFileSync(path, graph.encodeModel());
    const session = await InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 3 });
    rmSync(folder, { recursive: true });
    return new SampleGraph(session, vocab);
  }

  /** Draws one token per row. `uniforms` replace those that come from the rows' seeds. */
  async draw(rows: (SampledRow & { logits: Float32Array })[], uniforms?: number[]): Promise<Draw[]> {
    const logits = new Float32Array(rows.length * this.vocab);
    for (const [i, row] of rows.entries()) logits.set(row.logits, i * this.vocab);
    const feeds = samplingFeeds(rows, 1, this.vocab);
    feeds.logits = new Tensor('float32', logits, [rows.length, this.vocab]);
    const drawn = uniforms ? Float32Array.from(uniforms) : (feeds.uniforms!.data as Float32Array);
    feeds.uniforms = new Tensor('float32', drawn, [rows.length, 1]);
    const output = await this.session.run(feeds);
    const reported = output.topIds!.dims[1]!;
    const cut = (name: string, i: number) =>
      Array.from(output[name]!.data as Iterable<number | bigint>, Number).slice(i * reported, (i + 1) * reported);
    return rows.map((_, i) => ({
      token: Number((output.token!.data as BigInt64Array)[i]),
      logprob: (output.logprob!.data as Float32Array)[i]!,
      top: { ids: cut('topIds', i), logprobs: cut('topLogprobs', i) },
    }));
  }

  dispose = () => this.session.release();
}
