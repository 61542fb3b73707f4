// The built ONNX files on disk: leftovers of killed builds are cleared, and files that do not verify are rebuilt.
import { mkdirSync, readdirSync, truncateSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { prepareModelFile } from '@/engine/graph/model-file';
import { row } from './graph-twin';
import { useTinyGraph } from './tiny-graph';

const tiny = useTinyGraph();

it('clears what killed builds left when it builds, and spares the files of a build in progress', async () => {
  const cache = join(tiny.directory, 'killed');
  const gone = join(cache, `base-int8-v1.${hostname()}.999999999.tmp`);
  const live = join(cache, `base-int8-v1.${hostname()}.${process.ppid}.tmp`);
  const foreign = join(cache, 'base-int8-v1.elsewhere.999999999.tmp');
  for (const folder of [gone, live, foreign]) mkdirSync(folder, { recursive: true });
  const path = await prepareModelFile(tiny.base, 'int8', cache);
  expect(readdirSync(cache).sort()).toEqual([dirname(path), live, foreign].map((name) => basename(name)).sort());
});

it('builds the model files again when they do not verify', async () => {
  const cache = join(tiny.directory, 'damaged');
  const path = await prepareModelFile(tiny.base, 'int8', cache);
  truncateSync(`${path}.data`, 1000);
  expect(await prepareModelFile(tiny.base, 'int8', cache)).toBe(path);
  const again = await tiny.createRunner({ precision: 'int8', cacheDirectory: cache });
  expect((await again.run([row([1, 2])], 2))[0]!.ids).toHaveLength(2);
});
