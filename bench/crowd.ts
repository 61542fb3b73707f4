// `npm run bench:crowd`: what core/statistics makes of real crowds, beside crowd-kit; writes bench/results/crowd.json.
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { env } from '@/product/env';
import { compareConvergedGlad, compareWithCrowdKit, measureAgreement } from './crowd/compare';
import { measureExperimentAlarms, measureFalseAlarms } from './crowd/false-alarms';
import { rankModels } from './crowd/leaderboard';
import { CROWD_SETS, readCrowdSet } from './crowd/sets';
import { setupPeerPython } from './peers/python';
import { resultPath, writeResult } from './results';

const { values: options } = parseArgs({
  options: {
    /** Some of the sets; the figures of the others stay as they are. */
    sets: { type: 'string', default: CROWD_SETS.join(',') },
    /** Also fits GLAD's M step to its optimum in both, which takes crowd-kit an hour on the larger set. */
    converged: { type: 'boolean', default: false },
    /** An interpreter that already has crowd-kit. */
    python: { type: 'string' },
  },
});

const python = options.python ?? (await setupPeerPython('crowd', env.dataFolder, console.log));
const before = existsSync(resultPath('crowd')) ? JSON.parse(readFileSync(resultPath('crowd'), 'utf8')).sets : {};
const sets: Record<string, object> = before;
for (const name of CROWD_SETS.filter((name) => options.sets.split(',').includes(name))) {
  const set = readCrowdSet(name);
  sets[name] = {
    ...sets[name],
    labels: set.labels.length,
    agreement: measureAgreement(set),
    ...(await compareWithCrowdKit(python, set)),
    ...(options.converged ? { gladConverged: await compareConvergedGlad(python, set) } : {}),
  };
  console.log(name, JSON.stringify(sets[name], null, 2));
}
const falseAlarms = measureFalseAlarms();
const experimentAlarms = measureExperimentAlarms();
const leaderboard = rankModels();
console.log(JSON.stringify({ falseAlarms, experimentAlarms, leaderboard }, null, 2));
await writeResult('crowd', { sets, falseAlarms, experimentAlarms, leaderboard });
