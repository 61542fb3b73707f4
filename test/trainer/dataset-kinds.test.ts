// A snapshot holds every kind of feedback in the form that training reads.

import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Question } from '@/core/feedback/questionnaire';
import { countUnusedFeedback } from '@/db/feedback/unused-feedback';
import * as schema from '@/db/schema';
import { rewardExamples } from '@/trainer/data/examples';
import { addTurn, addUser, createWorld, give, type World } from './process-support';
import { clearConversations, freezeSnapshotOf } from './snapshot-support';

describe('snapshot', () => {
  let world: World;
  let userId: string;
  let turn = 0;

  beforeAll(async () => {
    world = await createWorld();
    userId = await addUser(world.db, 'ada');
  });
  afterAll(() => world?.close());
  beforeEach(() => clearConversations(world));
  const freeze = (config?: Record<string, unknown>) => freezeSnapshotOf(world, config);

  describe('of every kind of feedback', () => {
    const END = 257;
    const words = (text: string) => [...world.base.tokenizer.encode(text), END];
    const QUESTIONS = [
      { id: 'wrong', kind: 'flaw', weight: 0.6 },
      { id: 'long', kind: 'flaw', weight: 0.1 },
      { id: 'clear', kind: 'scale', weight: 1, steps: 5 },
    ].map((question) => ({ ...question, text: { en: question.id, ja: question.id } })) as Question[];
    let questionnaireId: string;
    beforeEach(async () => {
      await world.db.delete(schema.questionnaire);
      const [, own] = await world.db
        .insert(schema.questionnaire)
        .values([
          { name: 'chat', version: 1, questions: QUESTIONS.slice(0, 2), isForChat: true },
          { name: 'own', version: 2, questions: QUESTIONS },
        ])
        .returning();
      questionnaireId = own!.id;
    });

    /** Two conversations of three answers each, so that one of them is trained on. */
    async function turnOf(...completions: number[][]) {
      return addTurn(world, { userId, text: `kind ${turn++}`, completions });
    }
    const rowsOf = async (kind: string) => (await freeze()).rows.filter((row) => row.kind === kind);

    it('how much better an answer is becomes a margin', async () => {
      for (const strength of ['much', 'somewhat', 'slightly', undefined] as const) {
        const { comparisonId } = await turnOf([65, END], [66, END]);
        await give(world.db, userId, 'comparison', { comparisonId: comparisonId! }, { choice: 'right', strength });
      }
      const rows = await rowsOf('comparison');
      expect(rows.map((row) => row.kind === 'comparison' && row.margin)).toEqual([1, 2 / 3, 1 / 3, undefined]);
    });

    it('a pick and an order keep only different answers to one prompt, best first', async () => {
      const { messageId, generationIds } = await turnOf([65, END], [66, END], [66, END], [67, END]);
      const [a, b, same, c] = generationIds as [string, string, string, string];
      await give(world.db, userId, 'best_of', { messageId }, { generationIds: [a, b, c], best: b });
      await give(world.db, userId, 'ranking', { messageId }, { order: [[c], [same, a], [b]] });
      expect(await rowsOf('best_of')).toMatchObject([
        {
          answers: [
            [66, END],
            [65, END],
            [67, END],
          ],
          best: 0,
        },
      ]);
      // The equal answers at ranks 1 and 2 are one, at 1.
      const [ranking] = await rowsOf('ranking');
      expect(ranking).toMatchObject({
        answers: [
          [67, END],
          [66, END],
          [65, END],
        ],
        ranks: [0, 1, 1],
      });
      const other = await turnOf([65, END]);
      const ids = [a, other.generationIds[0]!];
      await give(world.db, userId, 'best_of', { messageId: other.messageId }, { generationIds: ids, best: a });
      expect((await freeze()).counts['left_out/other_prompt']).toBe(1);
    });

    it('ratings and questionnaires are scored by the questions that were asked', async () => {
      const { generationIds } = await turnOf([65, END]);
      const [generationId] = generationIds as [string];
      await give(world.db, userId, 'rating', { generationId }, { rating: 7 });
      const answers = { clear: 4, long: true };
      await give(world.db, userId, 'questionnaire', { generationId }, { questionnaireId, answers });
      expect(await rowsOf('rating')).toMatchObject([{ value: 7, trust: 1 }]);
      const [row] = await rowsOf('questionnaire');
      // Step 4 of 5 is 0.75, less 0.1 for the flaw.
      expect(row).toMatchObject({ flaws: ['long'], quality: 0.65, flawWeights: { version: 'own 2' } });
      await world.db.delete(schema.questionnaire);
      expect((await freeze()).counts['left_out/no_questions']).toBe(1);
    });

    it('flaws, and reasons of a thumb down that name one, are answers of the chat’s questionnaire', async () => {
      const [one, two, three] = [await turnOf([65]), await turnOf([66]), await turnOf([67])];
      const at = (made: typeof one) => ({ generationId: made.generationIds[0]! });
      const reasons = ['wrong', 'other'];
      await give(world.db, userId, 'thumb', at(one), { up: false, reasons });
      await give(world.db, userId, 'thumb', at(two), { up: true, reasons: ['clear'] });
      // Who ticks flaws has said it better than by the reasons.
      await give(world.db, userId, 'thumb', at(three), { up: false, reasons });
      await give(world.db, userId, 'flaws', at(three), { flaws: [{ flaw: 'long', span: { start: 0, end: 1 } }] });
      const { rows } = await freeze();
      expect(rows.filter(({ kind }) => kind === 'thumb')).toHaveLength(3);
      expect(rows.filter(({ kind }) => kind === 'questionnaire')).toMatchObject([
        { answerIds: [65], flaws: ['wrong'], flawWeights: { version: 'chat 1', weights: { wrong: 0.6, long: 0.1 } } },
        { answerIds: [67], flaws: ['long'], isVolunteered: true },
      ]);
    });

    it('what people write is tokenised with its end, and never longer than the base reads', async () => {
      const { messageId, generationIds } = await turnOf([65]);
      const [generationId] = generationIds as [string];
      await give(world.db, userId, 'correction', { generationId }, { text: 'Better.' });
      await give(world.db, userId, 'demonstration', { messageId }, { text: 'Best.' });
      // A message of an uploaded set, which nobody has answered.
      const [set] = await world.db
        .insert(schema.conversation)
        .values({ userId, title: 'set', allowTraining: true })
        .returning();
      const [asked] = await world.db
        .insert(schema.message)
        .values({ conversationId: set!.id, role: 'user', content: 'Unanswered?' })
        .returning();
      await give(world.db, userId, 'demonstration', { messageId: asked!.id }, { text: 'Yes.' });
      const long = await turnOf([66]);
      await give(
        world.db,
        userId,
        'correction',
        { generationId: long.generationIds[0]! },
        { text: 'ab '.repeat(9999) },
      );
      const { rows, counts } = await freeze();
      expect(rows.find(({ kind }) => kind === 'correction')).toMatchObject({
        originalIds: [65],
        correctedIds: words('Better.'),
      });
      expect(rows.filter(({ kind }) => kind === 'demonstration')).toMatchObject([
        { answerIds: words('Best.') },
        { answerIds: words('Yes.'), promptIds: world.base.renderPrompt([{ role: 'user', content: 'Unanswered?' }]) },
      ]);
      expect(counts['left_out/too_long']).toBe(1);
    });

    it('what people did is kept apart from what they said', async () => {
      const { generationIds } = await turnOf([65]);
      const done = { copied: true, dwellMs: 900 } as const;
      await give(world.db, userId, 'implicit', { generationId: generationIds[0]! }, done);
      const { rows } = await freeze();
      const signals = { copied: true, regenerated: false, abandoned: false, dwellMs: 900 };
      expect(rows.filter(({ kind }) => kind === 'implicit')).toMatchObject([signals]);
      expect(rewardExamples(rows.map((row) => ({ ...row, split: 'train' as const })))).toEqual([]);
    });

    it('carries groups, and a trust by which the next snapshot after a ban, or its end, is weighted anew', async () => {
      const rater = await addUser(world.db, `rater ${turn}`);
      await world.db
        .update(schema.user)
        .set({ groups: { age: '60+' } })
        .where(eq(schema.user.id, rater));
      const text = 'Wie ist das Wetter und warum?';
      const { generationIds } = await addTurn(world, { userId, text, completions: [[65]] });
      await give(world.db, rater, 'rating', { generationId: generationIds[0]! }, { rating: 2 });
      const row = async () => (await rowsOf('rating'))[0];
      expect(await row()).toMatchObject({ trust: 1, groups: { age: '60+', language: 'de' } });
      const standing = { userId: rater, standing: 'banned' as const, reason: 'A script.', setBy: userId };
      await world.db.insert(schema.raterStanding).values(standing);
      const banned = await row();
      expect(banned).toMatchObject({ trust: 0 });
      expect(rewardExamples([{ ...banned!, split: 'train' }])).toEqual([]);
      await world.db.update(schema.raterStanding).set({ standing: 'trusted' });
      expect(await row()).toMatchObject({ trust: 1, isVouchedFor: true });
    });

    it('is counted as unused by the same rule, without implicit signals, and left out if excluded', async () => {
      const { messageId, generationIds } = await turnOf([65], [66]);
      const at = { generationId: generationIds[0]! };
      await give(world.db, userId, 'rating', at, { rating: 3 });
      await give(world.db, userId, 'implicit', at, { copied: true });
      const id = await give(world.db, userId, 'demonstration', { messageId }, { text: 'So.' });
      expect(await countUnusedFeedback(world.db)).toBe(2);
      await world.db.update(schema.feedback).set({ excludedAt: new Date() }).where(eq(schema.feedback.id, id));
      expect(await countUnusedFeedback(world.db)).toBe(1);
      const kinds = (await freeze()).rows.map(({ kind }) => kind);
      expect(new Set(kinds)).toEqual(new Set(['rating', 'implicit', 'prompt']));
      expect(await countUnusedFeedback(world.db)).toBe(0);
      await world.db.update(schema.conversation).set({ allowTraining: false });
      expect((await freeze()).rows).toEqual([]);
    });
  });
});
