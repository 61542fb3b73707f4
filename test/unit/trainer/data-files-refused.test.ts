// Lines that are no data for training are refused by file, line and what is wrong with them.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDataFiles } from '@/trainer/data/files';
import { base, folder, makeFolder, read, removeFolder } from './data-files-support';

beforeAll(makeFolder);
afterAll(removeFolder);

describe('data sets', () => {
  it.each([
    ['{"prompt": "q"', /data\.jsonl:2: not JSON/],
    ['[1]', /data\.jsonl:2: \[1\] is a list\. Give one object per line/],
    ['1', /data\.jsonl:2: 1 is not an object/],
    ['{"text": "x"}', /data\.jsonl:2: the fields "text" fit none of .*\{chosen, rejected\}/],
    ['{"chosen": "a"}', /data\.jsonl:2: "rejected" is missing/],
    ['{"chosen": "a", "rejected": "b"}', /data\.jsonl:2: "chosen" does not end with the assistant's answer/],
    [
      '{"messages": [{"role": "tool", "content": "x"}]}',
      /data\.jsonl:2: messages\[0\]\.role: the role "tool" is not read, only system, user, assistant are/,
    ],
    ['{"prompt": "\\n\\nHuman: a\\n\\nAssistant: b"}', /data\.jsonl:2: the prompt ends with the assistant's turn/],
    ['{"kind": "prompt", "split": "train", "promptIds": [999999]}', /data\.jsonl:2: token 999999 is outside/],
  ])('%s is refused with its file and line', async (line, message) => {
    await expect(read({ prompt: 'fine' }, line)).rejects.toThrow(message);
  });

  it('a set of only pairs with equal answers is refused with their count', async () => {
    const lines = [0, 1, 2].map((i) => ({ prompt: `Q${i}?`, chosen: 'Same.', rejected: 'Same.' }));
    await expect(read(...lines)).rejects.toThrow(/no row can be used\. Left out: 3 pairs of two equal answers\./);
  });

  it.each([
    ['{"prompt": "q", "response": "a"}', /data\.jsonl:2: next to a bare prompt, "response" would be lost/],
    ['{"prompt": "q", "chosn": "a"}', /data\.jsonl:2: "chosn" is not known; did you mean "chosen"/],
    ['{"prompt": "q", "completion": "a", "lable": true}', /"lable" is not known; did you mean "label"/],
    ['{"prompt": "q", "completion": "a", "score": 3}', /"score" is not read and would change what the line means/],
    ['{"messages": [{"role": "user", "content": "q"}], "tools": [{}]}', /"tools" is not read/],
    ['{"prompt": "q", "completion": "a", "margin": 1}', /"margin" belongs to a pair/],
    ['{"prompt": "q", "completion": "a", "label": 1}', /"label" must be true or false/],
    [
      '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0.5}]}',
      /messages\[1\]\.weight: weight is 0 .* or 1/,
    ],
    [
      '{"messages": [{"role": "user", "content": "q", "name": "Ann"}]}',
      /messages\[0\]: "name" is not known; known are role/,
    ],
    [
      '{"prompt": "q", "chosen": [{"role": "gpt", "content": "a"}], "rejected": "b"}',
      /chosen\[0\]\.role: the role "gpt" is not read/,
    ],
    [
      '{"prompt": "other", "chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "rejected": "b"}',
      /"chosen" is a dialogue that does not begin with the prompt/,
    ],
    ['{"kind": "prompts", "split": "train", "promptIds": [1]}', /no row has the kind "prompts"; did you mean "prompt"/],
    ['{"kind": "prompt", "split": "train", "promptIds": [1], "trust": 1}', /"trust" is not known/],
    [
      '{"kind": "demonstration", "split": "train", "promptIds": [1], "answerIds": [288], "raterId": "r"}',
      /token 288 is outside/,
    ],
    [
      '{"kind": "correction", "split": "train", "promptIds": [1], "originalIds": [1], "correctedIds": [999], "raterId": "r"}',
      /token 999 is outside/,
    ],
    [
      '{"kind": "best_of", "split": "train", "promptIds": [1], "answers": [[1], [500]], "best": 0, "raterId": "r"}',
      /token 500 is outside/,
    ],
    ['[', /data\.jsonl:2: one JSON value over several lines/],
    ['{"a": \u001b[31m}', /data\.jsonl:2: not JSON \([ -~]*\)/],
  ])('%s is refused by name', async (line, message) => {
    await expect(read({ prompt: 'fine' }, line)).rejects.toThrow(message);
  });

  it('a file that is not there is named', async () => {
    await expect(readDataFiles([join(folder, 'none.jsonl')], base)).rejects.toThrow(/Cannot read .*none\.jsonl/);
  });
});
