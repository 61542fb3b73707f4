// Loads a base (weights, tokenizer, chat template) from a GGUF file or a transformers folder.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { AttuneError } from '@/core/errors';
import { readGguf } from '@/core/formats/gguf';
import { tokenizerFromGguf } from '@/core/formats/gguf-tokenizer';
import { readTokenizerConfig } from '@/core/formats/tokenizer-config';
import { checkWeights, readJson, readLlamaFolder, weightFiles } from '@/core/formats/transformers-folder';
import { rememberedSha256File, sha256 } from '@/core/hash';
import type { Base } from './base';
import { compileChatTemplate } from './chat-template';
import type { ModelConfig } from './model-config';
import { type BpeTokenizer, tokenizerFromJson } from './tokenizer';
import type { ModelWeights } from './weights';

/** A .gguf file, a folder that holds one, or a folder with config.json, tokenizer.json and safetensors. */
export async function loadBase(path: string): Promise<Base> {
  try {
    return await load(path);
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    throw new AttuneError('CORRUPT', `${path} cannot be read as a model: ${(cause as Error).message}. Copy it again.`, {
      cause,
    });
  }
}

async function load(path: string): Promise<Base> {
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
  const { eosTokenIds, bosTokenId } = weights.config;
  const parts = {
    weights,
    tokenizer,
    template: weights.metadata['tokenizer.chat_template'],
    eosToken: textOf(tokenizer, eosTokenIds[0]),
    bosToken: textOf(tokenizer, bosTokenId),
    beginsTexts: ggufBeginsTexts(weights.metadata),
  };
  return assemble(path, parts, await rememberedSha256File(path));
}

async function loadFolder(folder: string): Promise<Base> {
  const weights = readLlamaFolder(folder);
  checkWeights(weights, folder);
  const { eosToken, bosToken, addBosToken, template } = readTokenizerConfig(folder);
  const tokenizerPath = join(folder, 'tokenizer.json');
  const json = readJson(tokenizerPath);
  const reachable = withoutUnreachable(json, weights.config, template);
  const tokenizer = tokenizerFromJson(reachable, tokenizerPath);
  const { bosTokenId, eosTokenIds } = weights.config;
  const files = weightFiles(folder);
  const hashes: string[] = [];
  for (const file of files) hashes.push(await rememberedSha256File(file));
  // Shards share one identity: the hash of their hashes in the order of their names.
  const digest = hashes.length === 1 ? hashes[0]! : sha256(hashes.join('\n'));
  const parts = {
    weights,
    tokenizer,
    template,
    eosToken: eosToken ?? textOf(tokenizer, eosTokenIds[0]),
    bosToken: bosToken ?? textOf(tokenizer, bosTokenId),
    beginsTexts: addBosToken ?? templateBeginsTexts(json),
  };
  return assemble(folder, parts, digest);
}

const PostProcessor = z.object({
  post_processor: z.looseObject({ single: z.array(z.unknown()), processors: z.array(z.unknown()) }).partial(),
});

/** Whether tokenizer.json's template for single texts begins with a special token. */
function templateBeginsTexts(json: unknown): boolean {
  const parsed = PostProcessor.safeParse(json);
  if (!parsed.success) return false;
  const { single, processors = [] } = parsed.data.post_processor;
  if (single) return z.object({ SpecialToken: z.unknown() }).safeParse(single[0]).success;
  return processors.some((one) => templateBeginsTexts({ post_processor: one }));
}

/** llama.cpp's rule: what the file says; without that, SentencePiece and Llama 3 begin texts with a bos token. */
function ggufBeginsTexts(metadata: Record<string, unknown>): boolean {
  const said = metadata['tokenizer.ggml.add_bos_token'];
  if (typeof said === 'boolean') return said;
  const pre = String(metadata['tokenizer.ggml.pre']);
  return metadata['tokenizer.ggml.model'] === 'llama' || ['llama-bpe', 'llama3', 'llama-v3'].includes(pre);
}

/**
 * Drops added tokens after the embedding's last row, such as Gemma's for images, unless the chat template needs them.
 */
function withoutUnreachable(json: unknown, { vocabSize }: ModelConfig, template: unknown): unknown {
  const parsed = z.looseObject({ added_tokens: z.array(z.unknown()) }).safeParse(json);
  if (!parsed.success) return json; // the tokenizer's reader reports what is wrong
  const isReachable = (token: unknown) => {
    const { id, content } = token as { id?: number; content?: string };
    return Number(id) < vocabSize || String(template).includes(String(content));
  };
  return { ...parsed.data, added_tokens: parsed.data.added_tokens.filter(isReachable) };
}

/** Empty for a token that does not exist; `assemble` refuses it. */
const textOf = (tokenizer: BpeTokenizer, id: number | null | undefined) =>
  id == null || id >= tokenizer.vocabSize ? '' : tokenizer.decode([id]);

interface Parts {
  weights: ModelWeights;
  tokenizer: BpeTokenizer;
  template: unknown;
  bosToken: string;
  eosToken: string;
  /** The bos token also comes before texts outside the chat template. */
  beginsTexts: boolean;
}

function assemble(path: string, parts: Parts, digest: string): Base {
  const { weights, tokenizer, template, bosToken, eosToken, beginsTexts } = parts;
  const { config } = weights;
  if (typeof template !== 'string') {
    throw new AttuneError('UNSUPPORTED', `${path} has no chat template. Use an instruction-tuned model.`);
  }
  if (tokenizer.vocabSize > config.vocabSize) {
    const sizes = `${tokenizer.vocabSize} tokens, the embedding ${config.vocabSize} rows`;
    throw new AttuneError('CORRUPT', `${path}: the tokenizer has ${sizes}. They belong to different models.`);
  }
  const stray = [...config.eosTokenIds, config.bosTokenId ?? 0].find((id) => id >= config.vocabSize);
  if (stray !== undefined) {
    throw new AttuneError(
      'CORRUPT',
      `${path}: token ${stray} begins or ends texts, but the vocabulary has only ${config.vocabSize} tokens.`,
    );
  }
  if (config.eosTokenIds.length === 0) {
    throw new AttuneError('UNSUPPORTED', `${path} names no token that ends a turn (eos_token_id).`);
  }
  const renderPrompt = compileChatTemplate(template, tokenizer, { bosToken, eosToken });
  const turnEnd = findTurnEnd(renderPrompt, tokenizer);
  const eosTokenIds = [...new Set([...(turnEnd === null ? [] : [turnEnd]), ...config.eosTokenIds])];
  return {
    id: baseIdOf(path),
    sha256: digest,
    weights: { ...weights, config: { ...config, eosTokenIds } },
    tokenizer,
    textStart: beginsTexts ? tokenizer.encode(bosToken, { special: true }) : [],
    renderPrompt,
  };
}

/**
 * The special token that the template writes after an answer, whatever the configuration says; null if there is none.
 */
function findTurnEnd(render: Base['renderPrompt'], tokenizer: BpeTokenizer): number | null {
  const question = { role: 'user', content: 'a' } as const;
  let asked: number[];
  let answered: number[];
  try {
    asked = render([question]);
    answered = render([question, { role: 'assistant', content: 'b' }]);
  } catch (error) {
    if (error instanceof AttuneError && error.code === 'BAD_INPUT') return null; // a template for other conversations
    throw error;
  }
  const answer = answered.findIndex((id, i) => id !== asked[i]);
  return answered.slice(answer).find((id) => tokenizer.isSpecial(id)) ?? null;
}
