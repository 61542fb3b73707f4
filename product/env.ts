// The environment of the command-line programs, read once and checked.
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';

const schema = z.object({
  /** A weight file or folder, or a hub id such as `HuggingFaceTB/SmolLM2-135M-Instruct`. */
  ATTUNE_MODEL: z.string().min(1).optional(),
  /** Where everything that Attune makes is kept. */
  ATTUNE_DATA: z.string().default('.attune'),
  /** The folder that holds data/<set> for experiments; ../shared where it is not given. */
  ATTUNE_SHARED: z.string().min(1).optional(),
  DATABASE_URL: z.string().min(1).optional(),
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  HF_ENDPOINT: z.url().optional(),
  HF_TOKEN: z.string().optional(),
  ATTUNE_ENGINE_THREADS: z.coerce.number().int().min(1).default(Math.max(1, cpus().length)),
});

const parsed = schema.parse(process.env);

export const env = { ...parsed, dataFolder: resolve(parsed.ATTUNE_DATA) };
