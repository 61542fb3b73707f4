// A snapshot holds what people allowed, leaves out the rest, and cannot be changed unnoticed.

import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHOICES, type Choice } from '@/core/feedback/kinds';
import * as schema from '@/db/schema';
import { loggedCompletions, promptsOf, rewardExamples } from '@/trainer/data/examples';
import { readSnapshot } from '@/trainer/runs/snapshots/read';
import { addTurn, addUser, createWorld, vote, type World } from './process-support';
import { clearConversations, freezeSnapshotOf, snapshotFolderOf } from './snapshot-support';

describe('snapshot', () => {
  let world: World;
  let userId: string;
  let folder: string;
  let turn = 0;

  beforeAll(async () => {
    world = await createWorld();
    userId = await addUser(world.db, 'ada');
    folder = snapshotFolderOf(world);
  });
  afterAll(() => world?.close());
  beforeEach(() => clearConversations(world));
  const freeze = (config?: Record<string, unknown>) => freezeSnapshotOf(world, config);

  async function compare(choice: Choice, extra: { allowTraining?: boolean } = {}) {
    const text = `question ${turn++}`;
    const made = await addTurn(world, {
      userId,
      text,
      completions: [
        [65, 66, 257],
        [67, 68, 257],
      ],
      ...extra,
    });
    await vote(world.db, userId, { comparisonId: made.comparisonId!, choice });
    return text;
  }

  it('holds nothing of a conversation whose owner refused: no vote, no prompt, no byte of it in the file', async () => {
    await compare('left');
    const secret = await compare('right', { allowTraining: false });
    const made = await addTurn(world, { userId, text: 'secret thumb', completions: [[70, 71]], allowTraining: false });
    await vote(world.db, userId, { generationId: made.generationIds[0]!, thumb: 1 });
    const { id, rows } = await freeze();
    expect(rows.map((row) => row.kind).sort()).toEqual(['comparison', 'prompt']);
    const ids = world.base.renderPrompt([{ role: 'user', content: secret }]).join();
    expect(await readFile(path.join(folder, `${id}.jsonl`), 'utf8')).not.toContain(ids);
  });

  it('a withdrawal of consent holds from the next snapshot on', async () => {
    await compare('left');
    expect((await freeze()).rows).toHaveLength(2);
    await world.db.update(schema.conversation).set({ allowTraining: false });
    expect((await freeze()).rows).toHaveLength(0);
  });

  it('ties and pairs of bad answers are kept, and the chosen side follows the vote', async () => {
    for (const choice of CHOICES) await compare(choice);
    const { rows } = await freeze();
    const examples = rewardExamples(rows.map((row) => ({ ...row, split: 'train' as const })));
    expect(examples.map((e) => e.kind === 'comparison' && [e.outcome, e.chosenIds[0]])).toEqual([
      ['chosen', 65], // left
      ['chosen', 67], // right
      ['tie', 65],
      ['both_bad', 65],
    ]);
  });

  it('a pair of equal answers is left out, a repeated prompt counts once, truncated sampling is recorded', async () => {
    for (const text of ['same', 'same']) {
      const made = await addTurn(world, { userId, text, completions: [[65], [65]], sampling: { topP: 0.9 } });
      await vote(world.db, userId, { comparisonId: made.comparisonId!, choice: 'tie' });
      await vote(world.db, userId, { generationId: made.generationIds[0]!, thumb: -1 });
    }
    const { counts, rows } = await freeze();
    expect(rows.map((row) => row.kind)).toEqual(['thumb', 'prompt']);
    expect(counts).toMatchObject({ 'left_out/same_answer': 2, 'left_out/duplicate': 1, truncated_sampling: 1 });
    expect(rows[0]).toMatchObject({ up: false, answer: { isTruncated: true, versionId: 'base' } });
    expect(JSON.stringify(rows)).not.toContain(userId);
  });

  it('votes are on the same side of the split as their prompt, and held-out votes train nothing', async () => {
    for (let i = 0; i < 30; i++) await compare('left');
    const { rows } = await freeze();
    const heldOut = promptsOf(rows, 'heldout', 100).map(String);
    expect(heldOut.length).toBeGreaterThan(0);
    for (const example of rewardExamples(rows)) expect(heldOut).not.toContain(String(example.promptIds));
    expect(rewardExamples(rows)).toHaveLength(30 - heldOut.length);
  });

  it('a run that asks for them has the parent’s logged plain samples of training prompts, with log-probs', async () => {
    for (const stop of ['.', undefined]) {
      for (const sampling of [{}, { topP: 0.9 }, { temperature: 0.7 }, ...(stop ? [{ stop: [stop] }] : [])]) {
        await addTurn(world, { userId, text: `logged ${turn++}`, completions: [[65, 66, 257]], sampling });
      }
    }
    await addTurn(world, { userId, text: `logged ${turn++}`, completions: [[70]], allowTraining: false });
    expect((await freeze()).rows.map(({ kind }) => kind)).not.toContain('generation');
    const { rows, counts } = await freeze({ preset: 'tiny', ppo: { storedShare: 0.25 } });
    // Each of two rounds has a plain answer; topP 0.9 and temperature 0.7, twice each, and a stop string are shaped.
    expect(counts['left_out/shaped_sampling']).toBe(5);
    const logged = rows.filter((row) => row.kind === 'generation');
    expect(logged.map(({ answerIds: completionIds, logprobs }) => [completionIds, logprobs])).toEqual([
      ...[0, 1].map(() => [
        [65, 66, 257],
        [-5, -5, -5],
      ]),
    ]);
    const experience = loggedCompletions(rows.map((row) => ({ ...row, split: 'train' as const })));
    expect(experience).toHaveLength(2);
    expect(experience[0]).toMatchObject({ updatesBehind: 0, logprobs: Float32Array.of(-5, -5, -5) });
    expect(loggedCompletions(rows.map((row) => ({ ...row, split: 'heldout' as const })))).toEqual([]);
  });

  it('a changed file is refused by name and hash', async () => {
    await compare('left');
    const { id, rows } = await freeze();
    expect((await readSnapshot(world.db, folder, id)).rows).toEqual(rows);
    await appendFile(path.join(folder, `${id}.jsonl`), '\n');
    await expect(readSnapshot(world.db, folder, id)).rejects.toThrow(new RegExp(`${id}.jsonl has the sha256`));
  });
});
