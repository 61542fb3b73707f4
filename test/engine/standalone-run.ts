// Runs a stand-alone export with plain onnxruntime, as any user of the file would.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ModelConfig } from '@/core/base/model-config';

type Caches = Record<string, Tensor>;

export class StandaloneRun {
  private constructor(
    private readonly session: InferenceSession,
    private readonly config: ModelConfig,
  ) {}

  static async create(path: string, config: ModelConfig): Promise<StandaloneRun> {
    return new StandaloneRun(await InferenceSession.create(path, { logSeverityLevel: 3 }), config);
  }

  emptyCaches(batch = 1): Caches {
    const { layers, keyValueHeads, headSize } = this.config;
    const empty = () => new Tensor('float32', new Float32Array(), [batch, keyValueHeads, 0, headSize]);
    return Object.fromEntries(
      Array.from({ length: layers }, (_, i) => [`${i}.key`, `${i}.value`])
        .flat()
        .map((name) => [`past_key_values.${name}`, empty()]),
    );
  }

  /** Runs rows of equal length; a mask of 0 marks padding on the left. Logits are [rows, S, V]. */
  async run(
    rows: readonly (readonly number[])[],
    { mask, caches = this.emptyCaches(rows.length) }: { mask?: readonly (readonly number[])[]; caches?: Caches } = {},
  ): Promise<{ logits: Float32Array; caches: Caches }> {
    const int64 = (values: readonly (readonly number[])[]) =>
      new Tensor('int64', BigInt64Array.from(values.flat(), BigInt), [values.length, values[0]!.length]);
    const past = Object.values(caches)[0]!.dims[2]!;
    const whole = rows.map((row) => new Array<number>(past + row.length).fill(1));
    const feeds = { ...caches, input_ids: int64(rows), attention_mask: int64(mask ?? whole) };
    const output = await this.session.run(feeds);
    const presents = Object.entries(output).filter(([name]) => name.startsWith('present.'));
    return {
      logits: output.logits!.data as Float32Array,
      caches: Object.fromEntries(
        presents.map(([name, tensor]) => [name.replace('present', 'past_key_values'), tensor]),
      ),
    };
  }

  dispose = () => this.session.release();
}
