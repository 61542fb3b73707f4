// Runs the planted PPO of the constraints' bench alone and writes its figures; what is done already is not run again.
import { parseArgs } from 'node:util';
import { writeResult } from '@/bench/results';
import { measureLagrangian } from './lagrangian';

/** `tiny` takes minutes; `chosen`, the base that the settings name, half an hour on two free cores. */
const { values } = parseArgs({ options: { model: { type: 'string', default: 'tiny' } } });
const model = values.model === 'chosen' ? 'chosen' : 'tiny';
await writeResult(model === 'tiny' ? 'lagrangian' : 'lagrangian-chosen', await measureLagrangian(model));
process.exit(0);
