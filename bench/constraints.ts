// `npm run bench:constraints`: rules beside peers, streams with planted words, speed, rules as costs of training, labels of
// judges; writes bench/results/constraints.json.
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { env } from '@/product/env';
import { measureFalseHits } from './constraints/false-hits';
import { measureFalseHitsByKind } from './constraints/false-hits-by-kind';
import { measureFirstToken } from './constraints/first-token';
import { measureHalves } from './constraints/halves';
import { measureLagrangian } from './constraints/lagrangian';
import { measureLocalJudge } from './constraints/local-judge';
import { comparePersonalData } from './constraints/personal-data';
import { measureRlaif } from './constraints/rlaif';
import { measureSpeed } from './constraints/speed';
import { measureStreams } from './constraints/streams';
import { compareToxicity } from './constraints/toxicity';
import { compareProfanity } from './constraints/word-rows';
import { DATA_FOLDER } from './crowd/sets';
import { setupPeerPython } from './peers/python';
import { resultPath, writeResult } from './results';

interface Row {
  set: string;
  rule: string;
  peer: string;
}

/** Each part returns fields of the result; `rows` are joined by set, rule and peer. */
const PARTS: Record<string, () => Promise<{ rows?: Row[]; [field: string]: unknown }>> = {
  profanity: async () => ({ rows: await compareProfanity() }),
  toxicity: async () => ({ rows: await compareToxicity(await peers(), DATA_FOLDER) }),
  'personal-data': async () => ({ rows: await comparePersonalData(await peers()) }),
  halves: async () => measureHalves(),
  streams: async () => measureStreams(),
  'first-token': async () => measureFirstToken(),
  'false-hits': async () => measureFalseHits(),
  'false-hits-by-kind': async () => measureFalseHitsByKind(),
  speed: async () => measureSpeed(),
  rlaif: async () => {
    const figures = await measureRlaif();
    if (!figures) throw new Error('The data set hh-harmless is not on this machine (ATTUNE_SHARED, or ../shared).');
    await writeResult('rlaif', figures);
    return { rlaifShare: figures.rlaifShare };
  },
  'local-judge': async () => ({ localJudge: await measureLocalJudge() }),
  // Minutes on a tiny model; `npm run bench:lagrangian -- --model chosen` is the half-hour on the base of the settings.
  lagrangian: async () => {
    const figures = await measureLagrangian('tiny');
    await writeResult('lagrangian', figures);
    const { rate, target, rewardGain } = figures;
    return { lagrangian: { rate, target, rewardGain } };
  },
};

const peers = () => setupPeerPython('constraints', env.dataFolder, console.log);

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
process.exit(0); // the trainer's backend and the database keep handles
