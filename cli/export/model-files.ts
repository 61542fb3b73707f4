// Writes the files that accompany a model's weights in transformers' layout: config, tokenizer, chat template.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Base } from '@/core/base/base';
import type { TokenizerJson } from '@/core/base/tokenizer';
import { readGguf } from '@/core/formats/gguf';
import { tokenizerJsonFromGguf } from '@/core/formats/gguf-tokenizer';
import { transformersConfig } from '@/core/formats/transformers-config-writer';
import { readJson } from '@/core/formats/transformers-folder';

/** Copied unchanged from a base that is a folder; config.json is written separately. */
const COPIED = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json',
  'additional_chat_templates',
];

/** `modelPath` is the file or folder from which the base was loaded. */
export async function writeModelFiles(base: Base, modelPath: string, directory: string): Promise<void> {
  const write = (name: string, value: object) =>
    writeFile(join(directory, name), `${JSON.stringify(value, null, 2)}\n`);
  const gguf = ggufFile(modelPath);
  if (gguf === null) {
    const config = z.looseObject({}).parse(readJson(join(modelPath, 'config.json')));
    await write('config.json', { ...config, ['dtype' in config ? 'dtype' : 'torch_dtype']: 'float32' });
    for (const name of COPIED) {
      if (existsSync(join(modelPath, name)))
        await cp(join(modelPath, name), join(directory, name), { recursive: true });
    }
    return;
  }
  const { config } = base.weights;
  const { metadata, close } = await readGguf(gguf);
  close();
  const text = (id: number | null | undefined) => (id == null ? null : base.tokenizer.decode([id]));
  await write('config.json', transformersConfig(config, gguf));
  await write('generation_config.json', { bos_token_id: config.bosTokenId, eos_token_id: config.eosTokenIds });
  await write('tokenizer.json', wholeTokenizerJson(tokenizerJsonFromGguf(metadata, gguf)));
  await write('tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: config.maxPositions,
    clean_up_tokenization_spaces: false,
    bos_token: text(config.bosTokenId),
    eos_token: text(config.eosTokenIds[0]),
    chat_template: metadata['tokenizer.chat_template'],
  });
}

/** The GGUF file that this path names or holds; null for a transformers folder. */
function ggufFile(path: string): string | null {
  if (!statSync(path).isDirectory()) return path;
  if (existsSync(join(path, 'config.json'))) return null;
  return join(path, readdirSync(path).find((name) => name.endsWith('.gguf'))!);
}

/** Adds every field that readers in other languages require. */
function wholeTokenizerJson(json: TokenizerJson): object {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: (json.added_tokens ?? []).map((token) => ({ ...flags, ...token })),
    normalizer: json.normalizer ?? null,
    pre_tokenizer: json.pre_tokenizer ?? null,
    post_processor: null,
    decoder: json.model.byte_fallback ? sentencePieceDecoder(json) : (json.decoder ?? null),
    model: {
      dropout: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ...json.model,
    },
  };
}

/** Attune's tokenizer restores the spaces itself; for others this decoder says how. */
function sentencePieceDecoder({ normalizer }: TokenizerJson): object {
  const isPrefixed = JSON.stringify(normalizer).includes('"Prepend"');
  const decoders = [
    { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    ...(isPrefixed ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
  ];
  return { type: 'Sequence', decoders };
}
