// The state that the page shows for each stage of a run.
import { expect, test } from 'vitest';
import { stageStates } from '@/app/admin/runs/stage-states';
import { RUN_STAGES, type RunStatus } from '@/core/contract';

const STAGES = RUN_STAGES.filter((stage) => stage !== 'sft');
const statesOf = (status: RunStatus, stage: string | null) => stageStates(STAGES, { status, stage }).join(' ');

test('a rejected run did not pass its gates and released nothing', () => {
  expect(statesOf('rejected', 'publish')).toBe('done done done done refused withheld');
});

test('only a run that is done has everything done', () => {
  expect(statesOf('done', 'publish')).toBe('done done done done done done');
  expect(statesOf('running', 'publish')).toBe('done done done done done current');
});

test('a run that failed or was cancelled shows at which stage, and the later ones never began', () => {
  expect(statesOf('failed', 'ppo')).toBe('done done failed waiting waiting waiting');
  expect(statesOf('cancelled', 'reward_model')).toBe('done cancelled waiting waiting waiting waiting');
  expect(statesOf('failed', null)).toBe('failed waiting waiting waiting waiting waiting');
});

test('a queued run has begun nothing, unless it waits to resume', () => {
  expect(statesOf('queued', null)).toBe('waiting waiting waiting waiting waiting waiting');
  expect(statesOf('queued', 'ppo')).toBe('done done waiting waiting waiting waiting');
});
