import { readdirSync } from 'node:fs';
import { loadBase } from '@/core/load-base';
import { Sampling } from '@/core/sampling';
import { spawnEngine } from '@/engine/spawn';

const file = readdirSync('/tmp/dl/base').find((f) => f.endsWith('.gguf'))!;
const modelPath = `/tmp/dl/base/${file}`;
const precision = (process.argv[2] ?? 'int8') as 'int8' | 'fp32';
const base = await loadBase(modelPath);
const t = Date.now();
const e = await spawnEngine({
  modelPath,
  artifacts: '/tmp/attune-p/artifacts',
  cache: '/tmp/attune-p/cache',
  socketPath: '/tmp/attune-p/e.sock',
  precision,
  threads: 2,
  restart: true,
  log: (s) => process.stderr.write(s),
});
console.log('cold start ms', Date.now() - t);
const promptIds = base.renderPrompt([{ role: 'user', content: 'Tell me a story about a fox and a river, in detail.' }]);
const ask = async (label: string, killAt: number, n = 1) => {
  const start = Date.now();
  let first = 0;
  let killed = 0;
  const out = '';
  const one = async (k: number) => {
    const ids: number[] = [];
    for await (const ev of e.client.generate({
      requestId: `${label}${k}`,
      versionId: 'base',
      promptIds,
      sampling: Sampling.parse({ seed: k, temperature: 0.7, maxTokens: 200 }),
    })) {
      if (ev.type === 'finished') break;
      if (!first) first = Date.now() - start;
      if (killed > 0) {
        console.log(label, 'kill to next token ms', Date.now() - killed, 'offset', ev.offset);
        killed = -1;
      }
      ids.push(...ev.ids);
      if (k === 0 && killed === 0 && killAt > 0 && ids.length > killAt) {
        killed = Date.now();
        e.child().kill('SIGKILL');
      }
    }
    return ids;
  };
  const all = await Promise.all(Array.from({ length: n }, (_, k) => one(k)));
  const ms = Date.now() - start;
  console.log(
    label,
    'prompt',
    promptIds.length,
    'first ms',
    first,
    'total',
    all.flat().length,
    'tok in',
    ms,
    'ms =',
    ((all.flat().length / ms) * 1000).toFixed(0),
    'tok/s',
  );
  return all;
};
const a = await ask('plain', 0);
console.log(base.tokenizer.decode(a[0]!).slice(0, 200));
await ask('eight', 0, 8);
console.log(await e.client.status());
for (const at of [10, 50, 100]) {
  const b = await ask(`kill${at}`, at);
  console.log(
    'equal',
    b[0]!.join() === a[0]!.join(),
    'agree to',
    b[0]!.findIndex((x, i) => x !== a[0]![i]),
  );
  await new Promise((r) => setTimeout(r, 10500));
}
await e.close();
