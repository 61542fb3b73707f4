// Reads a transformers folder's special tokens and chat template, wherever its version of transformers keeps them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { AttuneError } from '@/core/errors';
import { readJson } from './transformers-folder';

const TokenText = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]);
/** One template, or several by name, as a list or as an object. */
const Templates = z
  .union([
    z.string().transform((template) => ({ default: template })),
    z
      .array(z.looseObject({ name: z.string(), template: z.string() }))
      .transform((list) => Object.fromEntries(list.map(({ name, template }) => [name, template]))),
    z.record(z.string(), z.string()),
  ])
  .nullish();
const TokenizerConfig = z.looseObject({
  chat_template: Templates,
  bos_token: TokenText.nullish(),
  eos_token: TokenText.nullish(),
  add_bos_token: z.boolean().nullish(),
});

export interface TokenizerSettings {
  /** null if the folder has none. */
  template: string | null;
  bosToken: string | null;
  eosToken: string | null;
  addBosToken: boolean | null;
}

export function readTokenizerConfig(folder: string): TokenizerSettings {
  const { chat_template, bos_token, eos_token, add_bos_token } = read(join(folder, 'tokenizer_config.json'));
  return {
    template: chooseTemplate(folder, { ...filesOf(folder), ...chat_template }),
    bosToken: bos_token ?? null,
    eosToken: eos_token ?? null,
    addBosToken: add_bos_token ?? null,
  };
}

function read(path: string): z.infer<typeof TokenizerConfig> {
  const parsed = TokenizerConfig.safeParse(existsSync(path) ? readJson(path) : {});
  if (!parsed.success) throw new AttuneError('CORRUPT', `${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** transformers 5 writes templates other than the default into a folder; processors have chat_template.json. */
function filesOf(folder: string): Record<string, string> {
  const others = join(folder, 'additional_chat_templates');
  const named = existsSync(others) ? readdirSync(others).filter((name) => name.endsWith('.jinja')) : [];
  return {
    ...read(join(folder, 'chat_template.json')).chat_template,
    ...Object.fromEntries(named.map((name) => [basename(name, '.jinja'), readFileSync(join(others, name), 'utf8')])),
  };
}

/** `chat_template.jinja` wins, as in transformers; among several named templates, the one named default. */
function chooseTemplate(folder: string, named: Record<string, string>): string | null {
  const own = join(folder, 'chat_template.jinja');
  if (existsSync(own)) return readFileSync(own, 'utf8');
  const names = Object.keys(named);
  if (names.length === 0 || Object.hasOwn(named, 'default')) return named.default ?? null;
  throw new AttuneError(
    'UNSUPPORTED',
    `${folder} has chat templates named ${names.join(', ')} and none named default. Save the one to use as chat_template.jinja.`,
  );
}
