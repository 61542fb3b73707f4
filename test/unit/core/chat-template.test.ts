// Chat templates are found wherever a folder keeps them, see messages unchanged, and always come to an end.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ChatMessage } from '@/core/base/base';
import { compileChatTemplate } from '@/core/base/chat-template';
import { loadBase } from '@/core/base/load-base';
import type { BpeTokenizer } from '@/core/base/tokenizer';
import { writeTinyLlama } from '@/test/tiny-llama';
import { failure, temporaryFolder } from './files';

const root = temporaryFolder();
const folder = join(root, 'tiny');
let tokenizer: BpeTokenizer;
beforeAll(async () => {
  await writeTinyLlama(folder, { seed: 3 });
  tokenizer = (await loadBase(folder)).tokenizer as BpeTokenizer;
});

const user = (content: string): ChatMessage => ({ role: 'user', content });
const compile = (source: string) => compileChatTemplate(source, tokenizer, { bosToken: '', eosToken: '' });
const text = (source: string, content: string) => tokenizer.decode(compile(source)([user(content)]));

describe('a folder keeps its template', () => {
  // The tiny tokenizer gives each byte its own id: A 65, B 66.
  const config = (chat_template?: unknown) =>
    JSON.stringify({ eos_token: '<|im_end|>', ...(chat_template !== undefined && { chat_template }) });
  const named = (name: string, template: string) => ({ name, template });
  const places: [string, Record<string, string>][] = [
    ['in chat_template.jinja alone', { 'chat_template.jinja': 'A', 'tokenizer_config.json': config() }],
    ['in chat_template.jinja next to another', { 'chat_template.jinja': 'A', 'tokenizer_config.json': config('B') }],
    ['in tokenizer_config.json', { 'tokenizer_config.json': config('A') }],
    ['by name in a list', { 'tokenizer_config.json': config([named('tool_use', 'B'), named('default', 'A')]) }],
    ['by name in an object', { 'tokenizer_config.json': config({ tool_use: 'B', default: 'A' }) }],
    ['in chat_template.json', { 'chat_template.json': config('A'), 'tokenizer_config.json': config() }],
    [
      'next to additional ones',
      { 'additional_chat_templates/tool_use.jinja': 'B', 'tokenizer_config.json': config('A') },
    ],
    [
      'among the additional ones',
      { 'additional_chat_templates/default.jinja': 'A', 'tokenizer_config.json': config() },
    ],
  ];
  const write = (files: Record<string, string>) => {
    for (const name of ['chat_template.jinja', 'chat_template.json', 'additional_chat_templates']) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
    mkdirSync(join(folder, 'additional_chat_templates'));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  };

  test.each(places)('%s', async (_, files) => {
    write(files);
    expect((await loadBase(folder)).renderPrompt([user('x')])).toEqual([65]);
  });

  test('or the folder is refused, naming the templates that it has', async () => {
    write({ 'additional_chat_templates/rag.jinja': 'B', 'tokenizer_config.json': config() });
    expect((await failure(() => loadBase(folder))).message).toContain('named rag and none named default');
    write({ 'tokenizer_config.json': config(7) });
    expect((await failure(() => loadBase(folder))).message).toContain('chat_template');
  });
});

describe('a template sees a message as it is', () => {
  test.each([
    ["{{ '<|im_end|>' in m }}", 'true'],
    ["{{ '</think>' in m and '</nothing>' not in m }}", 'true'],
    ["{{ m.startswith('<think>') }}", 'true'],
    ["{{ m.split('</think>')[-1] }}", ' 4 <|im_end|>'],
    ["{{ m.split('</think>')[0].split('<think>')[-1] }}", '2+2'],
    ["{{ m | replace('<think>', '') }}", '2+2</think> 4 <|im_end|>'],
    ["{{ m.replace('<think>', '(').replace('</think>', ')') }}", '(2+2) 4 <|im_end|>'],
    ["{{ m == '<think>2+2</think> 4 <|im_end|>' }}", 'true'],
    ["{{ m in ['<think>2+2</think> 4 <|im_end|>'] }}", 'true'],
    ['{{ m | length }}', '31'],
    ["{{ m.endswith('<|im_end|>') }}", 'true'],
    ['{{ m | tojson }}', '"<think>2+2</think> 4 <|im_end|>"'],
  ])('%s gives %j', (expression, expected) => {
    const content = '<think>2+2</think> 4 <|im_end|>';
    const source = `{% set m = messages[0].content %}${expression}`;
    expect(text(source, content)).toBe(expected);
  });

  test('and no part of a message becomes a special token, whatever the template does to it', () => {
    const source =
      "{% set m = messages[0].content %}<|im_start|>{{ m }}{{ m.split('x')[0] }}{{ m | replace('y', '') }}" +
      '{{ m | tojson }}{{ m[1:] }}{{ m | trim | upper }}<|im_end|>';
    for (const content of ['<|im_end|>', 'x<|im_end|>', '<|im_<|im_end|>end|>', '<y|im_end|>', '\ufdd0|im_end|>']) {
      const ids = compile(source)([user(content)]);
      expect(ids.filter((id) => tokenizer.isSpecial(id))).toEqual([256, 257]);
      expect(ids.at(0)).toBe(256);
      expect(ids.at(-1)).toBe(257);
    }
  });
});

describe('a template without an end is refused', () => {
  const many = '{% for i in range(100000) %}';
  test.each([
    ['a range that fits no memory', '{% for i in range(1000000000000) %}x{% endfor %}'],
    ['loops in loops', `${many.repeat(3)}x${'{% endfor %}'.repeat(3)}`],
    [
      'a text that doubles',
      "{% set n = namespace(s='xx') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
    ],
    [
      'a list that doubles',
      '{% set n = namespace(s=[1]) %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}',
    ],
    ['a macro that calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'],
    ['a filter that pads', "{{ 'x' | indent(100000000, true) }}"],
  ])('%s', async (_, source) => {
    const started = performance.now();
    const found = await failure(() => compile(source)([user('x')]));
    expect(found.code).toBe('UNSUPPORTED');
    expect(found.message).toContain('chat template');
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('already when the base is loaded', async () => {
    await writeTinyLlama(folder, { seed: 3 });
    writeFileSync(join(folder, 'chat_template.jinja'), '{% for i in range(1000000000000) %}x{% endfor %}');
    expect((await failure(() => loadBase(folder))).message).toContain('range of 1000000000000');
  });

  test.each([
    ['deep brackets', `{{ ${'('.repeat(200_000)}1${')'.repeat(200_000)} }}`],
    ['no end of a block', '{% if x %}'],
    ['megabytes', 'x'.repeat(2 ** 20 + 1)],
  ])('as is one that does not compile: %s', async (_, source) => {
    expect((await failure(() => compile(source))).code).toBe('UNSUPPORTED');
  });

  test('but one that skips turn after turn is accepted', () => {
    expect(text('{% for i in range(2000) %}{% if i < 1999 %}{% continue %}{% endif %}{{ i }}{% endfor %}', 'x')).toBe(
      '1999',
    );
  });

  test('and a long conversation is accepted', () => {
    const source = "{% for m in messages %}<|im_start|>{{ m.role + '\\n' + m.content | trim }}<|im_end|>{% endfor %}";
    const messages = Array.from({ length: 200 }, () => user('word '.repeat(1000)));
    expect(compile(source)(messages).length).toBe(200 * (1 + 'user\n'.length + 4999 + 1));
  });
});
