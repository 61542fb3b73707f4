// `npm run simulate`: a crowd with a hidden preference uses the product, votes, and gets what its votes made; with
// `--autopilot` the loop turns by itself, three generations long, with trolls in the crowd and two planted bad versions.
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { resultPath } from '@/bench/results';
import { AttuneError } from '@/core/errors';
import { TriggerSettings } from '@/core/settings';
import { simulateAutopilot } from './autopilot';
import { simulateOneRun } from './one-run';
import { PREFERENCES } from './preferences';

const TROLLS = 'careful=0.8,flip=0.05,random=0.05,colluding=0.1';

const { values: options } = parseArgs({
  options: {
    autopilot: { type: 'boolean', default: false },
    preference: { type: 'string', default: 'brief' },
    seed: { type: 'string', default: '1' },
    people: { type: 'string' }, // 6, or 100 under --autopilot
    crowd: { type: 'string' }, // shares of archetypes, as careful=0.8,flip=0.2
    rounds: { type: 'string', default: '2' }, // votes on each prompt
    votes: { type: 'string', default: '200' }, // for each generation under --autopilot
    generations: { type: 'string', default: '3' }, // under --autopilot
    heldout: { type: 'string', default: '100' },
    noise: { type: 'string', default: '0.1' },
    'max-tokens': { type: 'string', default: '96' },
    preset: { type: 'string', default: 'demo-cpu' },
    config: { type: 'string', default: '{}' }, // JSON fields of the run that override the preset's
    out: { type: 'string' },
    keep: { type: 'boolean', default: false }, // keep the simulation's database and versions
  },
});

async function main(): Promise<void> {
  const preference = PREFERENCES[options.preference];
  if (!preference)
    throw new AttuneError(
      'BAD_INPUT',
      `There is no preference "${options.preference}". Choose one of: ${Object.keys(PREFERENCES).join(', ')}.`,
    );
  const common = {
    preferenceName: options.preference,
    preference,
    seed: Number(options.seed),
    heldout: Number(options.heldout),
    noise: Number(options.noise),
    maxTokens: Number(options['max-tokens']),
    config: { preset: options.preset, ...JSON.parse(options.config) },
    keep: options.keep,
  };
  if (options.autopilot) {
    await simulateAutopilot({
      ...common,
      people: Number(options.people ?? 100),
      crowd: options.crowd ?? TROLLS,
      preset: TriggerSettings.shape.preset.unwrap().parse(options.preset),
      votes: Number(options.votes),
      generations: Number(options.generations),
      out: options.out ?? resultPath('autopilot'),
    });
  } else {
    await simulateOneRun({
      ...common,
      people: Number(options.people ?? 6),
      crowd: options.crowd ?? 'careful=1',
      rounds: Number(options.rounds),
      out: options.out ?? resultPath('simulate'),
    });
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(pc.red('The simulation failed:'), error instanceof AttuneError ? error.message : error);
    process.exit(1);
  },
);
