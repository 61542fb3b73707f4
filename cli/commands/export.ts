// `attune export`: a version as a model of its own, for onnxruntime, transformers or vLLM.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { exportVersion } from '@/cli/export/version';
import { artifactDirectory, readArtifact } from '@/core/artifact/artifact';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { AttuneError } from '@/core/errors';
import { dataPaths } from '@/core/paths';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';

export const usage = `attune export VERSION [--out DIR] [--format onnx|safetensors] [--precision fp32|int8] [--model PATH]

VERSION      a version's id, or "base" for the base alone
--out        the new folder; exports/VERSION-FORMAT in the data folder without one
--format     onnx: model.onnx for any ONNX runtime, the default; safetensors: for transformers and vLLM
--precision  fp32, the default: ONNX's own operators; int8: a quarter of the size, for onnxruntime alone
--model      the version's base; ATTUNE_MODEL or the downloaded base without one`;

const Options = z.object({
  format: z.enum(['onnx', 'safetensors']).default('onnx'),
  precision: z.enum(['fp32', 'int8']).default('fp32'),
  out: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
});

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      format: { type: 'string' },
      precision: { type: 'string' },
      model: { type: 'string' },
    },
  });
  const [versionId, ...others] = positionals;
  if (!versionId || others.length > 0) throw new AttuneError('BAD_INPUT', `Name one version.\n\n${usage}`);
  const parsed = Options.safeParse(values);
  if (!parsed.success) throw new AttuneError('BAD_INPUT', `${z.prettifyError(parsed.error)}\n\n${usage}`);
  const { format, precision, out, model } = parsed.data;

  const shared = dataPaths(env.dataFolder);
  const artifact = versionId === BASE_VERSION_ID ? null : artifactDirectory(shared.artifacts, versionId);
  const { modelPath, base } = await loadChosenBase(model);
  const read = artifact === null ? null : await readArtifact(artifact, { verify: true, base });
  const directory = path.resolve(out ?? path.join(shared.root, 'exports', `${versionId}-${format}`));
  await exportVersion({ versionId, base, modelPath, adapter: read?.adapter ?? null, format, precision, directory });
  console.log(`${versionId} is in ${directory} (${format}, ${precision}).`);
  return 0;
}
