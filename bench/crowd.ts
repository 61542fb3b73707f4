// `npm run bench:crowd`: what core/statistics makes of real crowds, beside crowd-kit; writes bench/results/crowd.json.
import { parseArgs } from 'node:util';
import { env } from '@/product/env';
import { compareConvergedGlad, compareWithCrowdKit, rowOrderNoise } from './crowd/compare';
import { measureFalseAlarms } from './crowd/false-alarms';
import { CROWD_SETS, type CrowdSetName, readCrowdSet } from './crowd/sets';
import { setupPeerPython } from './peers/python';
import { writeResult } from './results';

const { values: options } = parseArgs({
  options: {
    /** An interpreter that already has crowd-kit. */
    python: { type: 'string' },
  },
});

/** On the larger set these take crowd-kit the better part of an hour. */
const SMALL: CrowdSetName = 'BarzanMozafari';

const python = options.python ?? (await setupPeerPython('crowd', env.dataFolder, console.log));
const sets: Record<string, object> = {};
for (const name of CROWD_SETS) {
  const set = readCrowdSet(name);
  const models = await compareWithCrowdKit(python, set);
  sets[name] = { labels: set.labels.length, ...models };
  if (name === SMALL) {
    Object.assign(sets[name], {
      gladConverged: await compareConvergedGlad(python, set),
      gladRowOrderNoise: await rowOrderNoise(python, set),
    });
  }
  console.log(name, JSON.stringify(sets[name], null, 2));
}
const falseAlarms = measureFalseAlarms();
console.log('False alarms', falseAlarms);
await writeResult('crowd', { sets, falseAlarms });
