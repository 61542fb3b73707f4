// Turns a rotary scaling (linear, llama3 or none) into each frequency's divisor; every other kind is refused by name.
import { z } from 'zod';
import { AttuneError } from '@/core/errors';

const Linear = z.looseObject({ factor: z.number().positive() });
const Llama3 = z.looseObject({
  factor: z.number().positive(),
  low_freq_factor: z.number().positive(),
  high_freq_factor: z.number().positive(),
  original_max_position_embeddings: z.number().positive(),
});

export interface RotaryShape {
  headSize: number;
  ropeTheta: number;
}

/** `scaling` is transformers' `rope_scaling` (4) or `rope_parameters` (5); `source` names file and field in errors. */
export function ropeFactorsOf(scaling: unknown, { headSize, ropeTheta }: RotaryShape, source: string): number[] | null {
  const { rope_type, type, ...rest } = z.record(z.string(), z.unknown()).parse(scaling ?? {});
  const kind = rope_type ?? type ?? 'default';
  const parse = <T>(schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(rest);
    if (!parsed.success) throw new AttuneError('CORRUPT', `${source}: ${z.prettifyError(parsed.error)}`);
    return parsed.data;
  };
  const half = headSize / 2;
  if (kind === 'default') return null;
  if (kind === 'linear') return linearFactors(parse(Linear).factor, headSize);
  if (kind === 'llama3') {
    const { factor, low_freq_factor: low, high_freq_factor: high, ...original } = parse(Llama3);
    return Array.from({ length: half }, (_, i) => {
      // Number of turns that this frequency makes over the length that the model was first trained on.
      const turns = original.original_max_position_embeddings / (2 * Math.PI * ropeTheta ** (i / half));
      if (turns > high) return 1;
      if (turns < low) return factor;
      const smooth = (turns - low) / (high - low);
      return 1 / ((1 - smooth) / factor + smooth);
    });
  }
  throw new AttuneError(
    'UNSUPPORTED',
    `${source} scales its rotary embedding by ${JSON.stringify(kind)}; only "default", "linear" and "llama3" are supported.`,
  );
}

export const linearFactors = (factor: number, headSize: number): number[] =>
  new Array<number>(headSize / 2).fill(factor);
