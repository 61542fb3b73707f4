// `npm run bench:constraints`: rules beside peers, streams with planted words, speed; writes bench/results/constraints.json.
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureSpeed } from './constraints/speed';
import { measureStreams } from './constraints/streams';
import { compareProfanity } from './constraints/word-rows';
import { resultPath, writeResult } from './results';

interface Row {
  set: string;
  rule: string;
  peer: string;
}

/** Each part returns fields of the result; `rows` are joined by set, rule and peer. */
const PARTS: Record<string, () => Promise<{ rows?: Row[]; [field: string]: unknown }>> = {
  profanity: async () => ({ rows: await compareProfanity() }),
  streams: async () => measureStreams(),
  speed: async () => measureSpeed(),
};

const { values: options } = parseArgs({
  options: {
    /** Some of the parts; the figures of the others stay as they are. */
    parts: { type: 'string', default: Object.keys(PARTS).join(',') },
  },
});

const keyOf = ({ set, rule, peer }: Row) => [set, rule, peer].join('\n');

for (const name of options.parts.split(',')) {
  const part = PARTS[name];
  if (!part) throw new Error(`--parts has ${name}; there are ${Object.keys(PARTS).join(', ')}.`);
  const { rows = [], ...figures } = await part();
  console.log(name, JSON.stringify(rows.length > 0 ? rows : figures, null, 2));
  const before = existsSync(resultPath('constraints'))
    ? JSON.parse(readFileSync(resultPath('constraints'), 'utf8'))
    : {};
  const joined = new Map([...(before.rows ?? []), ...rows].map((row: Row) => [keyOf(row), row]));
  await writeResult('constraints', { ...before, ...figures, rows: [...joined.values()] });
}
