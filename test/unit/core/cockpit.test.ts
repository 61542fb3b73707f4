// What each station of the loop says and offers, from the facts of the database.
import { describe, expect, it } from 'vitest';
import { type LoopFacts, loopOf } from '@/core/cockpit/loop';

const EMPTY: LoopFacts = {
  votes: { unused: 0, isMore: false, needed: 200 },
  snapshot: null,
  run: null,
  version: null,
  canary: null,
  champion: { versionId: 'base', isFirst: true },
  isTrainerAlive: true,
};
const gate = (name: string, passed: boolean) => ({ name, value: 1, threshold: 1, bound: 'min' as const, passed });
const saysOf = (facts: Partial<LoopFacts>) =>
  Object.fromEntries(
    Object.entries(loopOf({ ...EMPTY, ...facts })).map(([name, { says, act }]) => [name, [says, act]]),
  );
const run = (status: NonNullable<LoopFacts['run']>['status']) => ({
  ...{ id: 'r', status, stage: 'ppo', progress: 0.4, secondsLeft: null },
});

describe('the loop', () => {
  it('of a new product waits at every station and offers to chat and to start a run', () => {
    expect(saysOf({})).toEqual({
      votes: ['votes_missing', 'chat'],
      snapshot: ['snapshot_none', null],
      run: ['run_none', 'start_run'],
      gates: ['gates_none', null],
      canary: ['canary_none', null],
      champion: ['champion', null],
    });
  });

  it('says how many votes are missing', () => {
    const { votes } = loopOf({ ...EMPTY, votes: { unused: 23, isMore: false, needed: 200 } });
    expect(votes).toMatchObject({ state: 'waits', values: { unused: 23, needed: 200, missing: 177 }, act: 'open' });
    expect(saysOf({ votes: { unused: 200, isMore: false, needed: 200 } }).votes![0]).toBe('votes_enough');
    expect(saysOf({ votes: { unused: 10_000, isMore: true, needed: 200 } }).votes![0]).toBe('votes_many');
  });

  it('waits for a trainer that is not running, and at the gates for a run that is', () => {
    expect(loopOf({ ...EMPTY, run: run('queued'), isTrainerAlive: false }).run).toMatchObject({
      ...{ says: 'run_no_trainer', state: 'bad' },
    });
    expect(saysOf({ run: run('running') })).toMatchObject({
      run: ['run_running', 'open'],
      gates: ['gates_wait', null],
    });
    expect(saysOf({ run: run('failed') }).run).toEqual(['run_failed', 'start_run']);
  });

  it('leads to the reason of a rejection', () => {
    const version = {
      ...{ id: 'v1', isAccepted: false, runId: 'r', hasBeenTried: false },
      gates: [gate('parity', true), gate('end_rate', false)],
    };
    const { gates, canary } = loopOf({ ...EMPTY, run: run('rejected'), version });
    expect(gates).toMatchObject({ state: 'bad', values: { passed: 1, of: 2 }, act: 'why', href: '/admin/runs/r' });
    expect(canary.says).toBe('canary_none');
  });

  it('offers a canary for an accepted version once, and steers one that runs', () => {
    const version = { id: 'v1', isAccepted: true, gates: [gate('parity', true)], runId: 'r', hasBeenTried: false };
    expect(saysOf({ version }).canary).toEqual(['canary_ready', 'start_canary']);
    const canary = { candidateVersionId: 'v1', phase: 'share_5', isPaused: false, because: 'time' } as const;
    const tried = { ...version, hasBeenTried: true };
    expect(loopOf({ ...EMPTY, version: tried, canary }).canary).toMatchObject({
      ...{ state: 'busy', says: 'canary_runs', act: 'steer', values: { share: 0.05 } },
    });
    expect(saysOf({ version: tried, canary: { ...canary, isPaused: true } }).canary![0]).toBe('canary_paused');
    expect(saysOf({ version: tried, canary: { ...canary, phase: 'rolled_back' } }).canary).toEqual([
      'canary_rolled_back',
      'why',
    ]);
    expect(saysOf({ version: tried, canary: { ...canary, phase: 'promoted' } }).canary![0]).toBe('canary_promoted');
  });

  it('offers to roll back a champion before which another version served', () => {
    expect(saysOf({ champion: { versionId: 'v1', isFirst: false } }).champion).toEqual(['champion', 'roll_back']);
  });
});
