// Part `kills`: rollouts during which the web process, the engine and Postgres are killed, against the same ones undisturbed.
import { isDeepStrictEqual } from 'node:util';
import { Rng } from '@/core/rng';
import { createKillable } from './killable';
import { type Outcome, runRollouts } from './scripted';

const KILLS = 50;
const ROLLOUTS = 4;

export async function measureKills(kills = KILLS, rollouts = ROLLOUTS): Promise<object> {
  const [quiet, disturbed] = await Promise.all([run(rollouts, 0), run(rollouts, kills)]);
  const rows = [...Object.keys(quiet.outcome)] as (keyof Outcome)[];
  const differing = rows.flatMap((name) => differencesOf(name, quiet.outcome[name], disturbed.outcome[name]));
  for (const line of differing.slice(0, 20)) console.log(`  ${line}`);
  return {
    kills: {
      ...{ n: disturbed.killed.length, differing: differing.length, rollouts },
      of: Object.fromEntries(
        ['web', 'engine', 'postgres'].map((name) => [name, disturbed.killed.filter((one) => one === name).length]),
      ),
      auditRows: quiet.outcome.audit.length,
      ...{ seconds: disturbed.seconds, undisturbedSeconds: quiet.seconds },
    },
  };
}

async function run(rollouts: number, kills: number) {
  const began = performance.now();
  const product = await createKillable(new Rng(5), rollouts);
  try {
    const outcome = await runRollouts(product, rollouts, kills);
    return { outcome, killed: product.killed, seconds: Math.round((performance.now() - began) / 1000) };
  } finally {
    await product.close();
  }
}

function differencesOf(name: string, quiet: readonly unknown[], disturbed: readonly unknown[]): string[] {
  const most = Math.max(quiet.length, disturbed.length);
  return Array.from({ length: most }, (_, at) => at)
    .filter((at) => !isDeepStrictEqual(quiet[at], disturbed[at]))
    .map((at) => `${name} ${at}: ${JSON.stringify(quiet[at])} became ${JSON.stringify(disturbed[at])}`);
}
