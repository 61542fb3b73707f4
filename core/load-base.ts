// Loads a base (weights, tokenizer, chat template) from a GGUF file or a transformers folder.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Base } from './base';
import { compileChatTemplate } from './chat-template';
import { AttuneError } from './errors';
import { readGguf } from './gguf';
import { rememberedSha256File, sha256 } from './hash';
import { checkWeights, readJson, readLlamaFolder, weightFiles } from './llama-folder';
import { type ByteLevelTokenizer, tokenizerFromGguf, tokenizerFromJson } from './tokenizer';
import type { ModelWeights } from './weights';

/** A .gguf file, a folder that holds one, or a folder with config.json, tokenizer.json and safetensors. */
export async function loadBase(path: string): Promise<Base> {
  if (!existsSync(path)) {
    throw new AttuneError(
      'NOT_FOUND',
      `There is no model at ${path}. Run the set-up, or name a GGUF file or a folder.`,
    );
  }
  if (!statSync(path).isDirectory()) return loadGguf(path);
  if (existsSync(join(path, 'config.json'))) return loadFolder(path);
  const files = readdirSync(path).filter((name) => name.endsWith('.gguf'));
  if (files.length === 1) return loadGguf(join(path, files[0]!));
  const found = files.length === 0 ? 'neither a GGUF file nor a config.json' : `${files.length} GGUF files (${files})`;
  throw new AttuneError('BAD_INPUT', `${path} holds ${found}. Name one GGUF file or a transformers folder.`);
}

/** `SmolLM2-135M-Instruct.Q4_1.gguf` is `smollm2-135m-instruct`. */
export function baseIdOf(path: string): string {
  return basename(path)
    .replace(/\.gguf$/i, '')
    .replace(/[.-](I?Q\d\w*|B?F16|F32)$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-');
}

async function loadGguf(path: string): Promise<Base> {
  const weights = await readGguf(path);
  checkWeights(weights, path);
  const tokenizer = tokenizerFromGguf(weights.metadata, path);
  const source = weights.metadata['tokenizer.chat_template'];
  return assemble(path, weights, tokenizer, source, await rememberedSha256File(path));
}

async function loadFolder(folder: string): Promise<Base> {
  const weights = readLlamaFolder(folder);
  checkWeights(weights, folder);
  const tokenizerPath = join(folder, 'tokenizer.json');
  const tokenizer = tokenizerFromJson(readJson(tokenizerPath), tokenizerPath);
  const files = weightFiles(folder);
  const hashes: string[] = [];
  for (const file of files) hashes.push(await rememberedSha256File(file));
  // Shards have one identity: the hash of their hashes in the order of their names.
  const digest = hashes.length === 1 ? hashes[0]! : sha256(hashes.join('\n'));
  return assemble(folder, weights, tokenizer, readTemplate(folder), digest);
}

/** `chat_template.jinja` wins over tokenizer_config.json, as in transformers. */
function readTemplate(folder: string): unknown {
  const own = join(folder, 'chat_template.jinja');
  if (existsSync(own)) return readFileSync(own, 'utf8');
  const config = join(folder, 'tokenizer_config.json');
  return existsSync(config)
    ? z.looseObject({ chat_template: z.unknown() }).safeParse(readJson(config)).data?.chat_template
    : null;
}

function assemble(
  path: string,
  weights: ModelWeights,
  tokenizer: ByteLevelTokenizer,
  source: unknown,
  digest: string,
): Base {
  const { config } = weights;
  if (typeof source !== 'string') {
    throw new AttuneError('UNSUPPORTED', `${path} has no chat template. Use an instruction-tuned model.`);
  }
  if (tokenizer.vocabSize > config.vocabSize) {
    const sizes = `${tokenizer.vocabSize} tokens, the embedding ${config.vocabSize} rows`;
    throw new AttuneError('CORRUPT', `${path}: the tokenizer has ${sizes}. They belong to different models.`);
  }
  if (config.eosTokenIds.length === 0) {
    throw new AttuneError('UNSUPPORTED', `${path} names no token that ends a turn (eos_token_id).`);
  }
  const text = (id: number | null | undefined) => (id == null ? '' : tokenizer.decode([id]));
  return {
    id: baseIdOf(path),
    sha256: digest,
    weights,
    tokenizer,
    renderPrompt: compileChatTemplate(source, tokenizer, {
      bosToken: text(config.bosTokenId),
      eosToken: text(config.eosTokenIds[0]),
    }),
  };
}
