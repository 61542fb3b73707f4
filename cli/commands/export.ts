// `attune export`: writes a version as a self-contained model for onnxruntime, transformers or vLLM, or the feedback.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readAdapterFolder } from '@/cli/adapter-source';
import { exportFeedback, FEEDBACK_USAGE } from '@/cli/export/feedback';
import { exportVersion } from '@/cli/export/version';
import { artifactDirectory } from '@/core/artifact/artifact';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import type { Base } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import { dataPaths } from '@/core/paths';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';

export const usage = `attune export VERSION [--out DIR] [--format onnx|safetensors] [--precision fp32|int8] [--model PATH]

VERSION      a version's id, "base" for the base itself, or a folder: of a version, of an attune train run, or from PEFT
--out        the new folder; exports/VERSION-FORMAT in the data folder without one
--format     onnx: model.onnx for any ONNX runtime, the default; safetensors: for transformers and vLLM
--precision  fp32, the default: ONNX's own operators; int8: a quarter of the size, only for onnxruntime
--model      the version's base; without it, ATTUNE_MODEL or the downloaded base

${FEEDBACK_USAGE}`;

const Options = z.object({
  format: z.enum(['onnx', 'safetensors']).default('onnx'),
  precision: z.enum(['fp32', 'int8']).default('fp32'),
  out: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
});

export async function run(args: string[]): Promise<number> {
  if (args[0] === 'feedback') return exportFeedback(args.slice(1));
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
  const [given, ...others] = positionals;
  if (!given || others.length > 0) throw new AttuneError('BAD_INPUT', `Name one version.\n\n${usage}`);
  const parsed = Options.safeParse(values);
  if (!parsed.success) throw new AttuneError('BAD_INPUT', `${z.prettifyError(parsed.error)}\n\n${usage}`);
  const { format, precision, out, model } = parsed.data;

  const shared = dataPaths(env.dataFolder);
  const { modelPath, base } = await loadChosenBase(model);
  const read = given === BASE_VERSION_ID ? null : await readNamed(given, base);
  const versionId = read ? (read.manifest?.versionId ?? path.basename(read.directory)) : given;
  const directory = path.resolve(out ?? path.join(shared.root, 'exports', `${versionId}-${format}`));
  await exportVersion({ versionId, base, modelPath, adapter: read?.adapter ?? null, format, precision, directory });
  console.log(`${versionId} is in ${directory} (${format}, ${precision}).`);
  return 0;
}

/** A version of the product takes precedence over a folder of the same name. */
function readNamed(given: string, base: Base) {
  const isPath = path.basename(given) !== given;
  const known = isPath ? null : artifactDirectory(dataPaths(env.dataFolder).artifacts, given);
  return readAdapterFolder(known && (existsSync(known) || !existsSync(given)) ? known : given, base);
}
