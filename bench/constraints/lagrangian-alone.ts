// Runs the planted PPO of the constraints' bench alone and writes its figures; what is done already is not run again.
import { writeResult } from '@/bench/results';
import { measureLagrangian } from './lagrangian';

await writeResult('lagrangian', await measureLagrangian());
process.exit(0);
