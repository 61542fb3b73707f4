// Feedback of every kind: one live value with its history, given by the owner alone, checked against what it is about.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Feedback } from '@/core/feedback/feedback';
import { FEEDBACK_KINDS } from '@/core/feedback/kinds';
import { feedback, feedbackHistory, generation, questionnaire } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import {
  type Asked,
  everyKind as anyKind,
  newPerson as anyPerson,
  openQuestionnaire as anyQuestionnaire,
  askTwice,
  QUALITY,
  rowsOf,
} from './judged';
import { type Api, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
let adaId: string;
let ada: Api;
beforeAll(async () => {
  world = await createWorld({ seed: 1 }, () => 0.9);
  web = world.web;
  ({ id: adaId, api: ada } = await newPerson());
});
afterAll(() => world?.close());

const asked = ({ of = adaId, ...options }: Partial<Parameters<typeof askTwice>[1]> = {}) =>
  askTwice(web, { of, ...options });
const newPerson = () => anyPerson(web);
const openQuestionnaire = (isForChat: boolean) => anyQuestionnaire(web, isForChat);
const everyKind = (things: Asked) => anyKind(web, things);

const historyOf = (userId: string) =>
  web.product.db.select().from(feedbackHistory).where(eq(feedbackHistory.userId, userId)).orderBy(feedbackHistory.id);

describe('every kind', () => {
  it('is stored, shown with the conversation, withdrawn, and kept in the history', async () => {
    const { id, api } = await newPerson();
    const things = await asked({ of: id });
    const given = await everyKind(things);
    for (const kind of FEEDBACK_KINDS) await api.feedback.give(given[kind]);
    const view = await api.conversation.get({ id: things.conversationId });
    const [question, first] = view.messages;
    expect(Object.keys(question!.given).sort()).toEqual(['best_of', 'demonstration', 'ranking']);
    expect(Object.keys(first!.given).sort()).toEqual(
      ['correction', 'flaws', 'implicit', 'questionnaire', 'rating', 'thumb'].sort(),
    );
    for (const kind of FEEDBACK_KINDS) {
      const shown = first!.given[kind] ?? question!.given[kind];
      if (kind !== 'comparison') expect([kind, shown?.value]).toEqual([kind, given[kind].value]);
    }
    expect(first!.generation).toMatchObject({ thumb: 1, reasons: ['clear'], comment: 'good' });
    expect(view.comparisons).toMatchObject([{ source: 'regenerate', choice: 'left', strength: 'much' }]);
    for (const kind of FEEDBACK_KINDS) {
      const { value: _value, comment: _comment, ...subject } = given[kind];
      expect([kind, await api.feedback.withdraw(subject)]).toEqual([kind, true]);
      expect([kind, await api.feedback.withdraw(subject)]).toEqual([kind, false]);
    }
    expect(await web.product.db.select().from(feedback).where(eq(feedback.userId, id))).toEqual([]);
    expect((await api.conversation.get({ id: things.conversationId })).comparisons).toEqual([]);
    // One entry when it was given and one when it was withdrawn.
    const history = await historyOf(id);
    expect(history).toHaveLength(2 * FEEDBACK_KINDS.length);
    expect(history.filter(({ value }) => value === null)).toHaveLength(FEEDBACK_KINDS.length);
  });

  it('given twenty times at once is one row and one entry of the history', async () => {
    const { id, api } = await newPerson();
    const given = await everyKind(await asked({ of: id }));
    for (const kind of FEEDBACK_KINDS) {
      const ids = await Promise.all(Array.from({ length: 20 }, () => api.feedback.give(given[kind])));
      expect([kind, new Set(ids.map((row) => row.id)).size, (await rowsOf(web, id, kind)).length]).toEqual([
        kind,
        1,
        1,
      ]);
    }
    expect((await historyOf(id)).map(({ kind }) => kind)).toEqual(FEEDBACK_KINDS);
  });

  it('is refused on another person’s chat, as something that does not exist', async () => {
    const { api } = await newPerson();
    const things = await asked();
    for (const given of Object.values(await everyKind(things))) {
      const { value: _value, comment: _comment, ...subject } = given;
      await expect(api.feedback.give(given), given.kind).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(api.feedback.withdraw(subject), given.kind).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('has the signed-in person as its author, whoever the request names', async () => {
    const things = await asked();
    const forged = { kind: 'rating', generationId: things.one, value: { rating: 1 }, userId: 'bob' };
    await expect(ada.feedback.give(forged as never)).rejects.toThrow('unknown field userId');
  });
});

describe('a change of mind', () => {
  it('replaces the value and is one more entry of the history; a comment stays until it is removed', async () => {
    const { id, api } = await newPerson();
    const { one: generationId } = await asked({ of: id });
    const rate = (rating: number, comment?: string | null) =>
      api.feedback.give({ kind: 'rating', generationId, value: { rating }, ...(comment !== undefined && { comment }) });
    const first = await rate(3, 'meh');
    expect(await rate(9)).toEqual(first);
    await rate(9);
    await rate(9, null);
    expect(await rowsOf(web, id, 'rating')).toMatchObject([{ value: { rating: 9 }, comment: null }]);
    expect((await historyOf(id)).map(({ value, comment }) => [value, comment])).toEqual([
      [{ rating: 3 }, 'meh'],
      [{ rating: 9 }, 'meh'],
      [{ rating: 9 }, null],
    ]);
  });

  it('of a pair that is named the other way round is the same comparison, mirrored', async () => {
    const { id, api } = await newPerson();
    const { one, other } = await asked({ of: id });
    const pair = { kind: 'comparison', leftGenerationId: other, rightGenerationId: one } as const;
    const { comparisonId } = await api.feedback.give({ ...pair, value: { choice: 'left', strength: 'slightly' } });
    // `one` is older and so is the left one.
    expect(await rowsOf(web, id, 'comparison')).toMatchObject([{ value: { choice: 'right', strength: 'slightly' } }]);
    expect(await api.feedback.give({ ...pair, value: { choice: 'tie' } })).toMatchObject({ comparisonId });
    expect(await rowsOf(web, id, 'comparison')).toMatchObject([{ value: { choice: 'tie' } }]);
    await expect(api.feedback.give({ ...pair, value: { choice: 'tie', strength: 'much' } })).rejects.toThrow(
      'value strength belongs to left or right.',
    );
  });
});

describe('a value that does not fit', () => {
  const refusal = (given: Feedback) =>
    ada.feedback.give(given).then(
      () => 'accepted',
      (error: Error) => error.message,
    );

  it('is refused with a sentence that says what would', async () => {
    const { one: generationId, other, messageId } = await asked({ text: 'Hi 😀!' });
    const stranger = (await asked()).one;
    const { id: questionnaireId } = await openQuestionnaire(false);
    const answer = (answers: Record<string, unknown>) =>
      ({
        kind: 'questionnaire',
        generationId,
        value: { questionnaireId, answers: { ...QUALITY, ...answers } },
      }) as Feedback;
    const mark = (start: number, end: number, flaw = 'incorrect'): Feedback => ({
      ...{ kind: 'flaws', generationId },
      value: { flaws: [{ flaw, span: { start, end } }] },
    });
    const long = 'word '.repeat(1500);
    const { maxContext } = web.product;
    const sentences: [Feedback, RegExp][] = [
      [{ kind: 'rating', generationId, value: { rating: 11 } }, /^value\.rating must be at most 10\.$/],
      [
        { kind: 'best_of', messageId, value: { generationIds: [generationId, stranger], best: stranger } },
        new RegExp(`^${stranger} is not an answer to message ${messageId}`),
      ],
      [
        { kind: 'best_of', messageId, value: { generationIds: [generationId, other], best: stranger } },
        /^value best must be one of generationIds\.$/,
      ],
      [
        { kind: 'ranking', messageId, value: { order: [[generationId], [generationId]] } },
        /^value order must name each completion once/,
      ],
      [{ kind: 'ranking', messageId, value: { order: [[generationId, stranger]] } }, /is not an answer to message/],
      [
        { kind: 'questionnaire', generationId, value: { questionnaireId, answers: { correct: 4 } } },
        /^The question "follows" has no answer; give one\.$/,
      ],
      [answer({ correct: 6 }), /^The answer to "correct" must be a whole number from 1 to 5\.$/],
      [answer({ length: 'huge' }), /^The answer to "length" must be "too_short" or "right" or "too_long"\.$/],
      [answer({ unsafe: 1 }), /^The answer to "unsafe" must be true or false\.$/],
      [answer({ more: true }), /^The questionnaire "quality" has no question "more"/],
      [mark(0, 2, 'ugly'), /^There is no flaw "ugly"; choose from incorrect/],
      // H i space, two halves of the face, exclamation mark: 6 units.
      [mark(0, 7), /^The mark ends at 7, but the answer has 6 characters\.$/],
      [mark(0, 4), /^The mark from 0 to 4 cuts a character in two/],
      [mark(4, 6), /cuts a character in two/],
      [{ kind: 'correction', generationId, value: { text: ' Hi 😀!\n' } }, /^The correction is the same as the answer/],
      [{ kind: 'correction', generationId, value: { text: '  ' } }, /^value\.text must not be blank\.$/],
      [{ kind: 'correction', generationId, value: { text: long } }, /^The text takes \d+ tokens; \d+ fit/],
      [
        { kind: 'demonstration', messageId, value: { text: long } },
        /^The text takes \d+ tokens; \d+ fit|^The text has \d+ bytes/,
      ],
      [{ kind: 'demonstration', messageId: generationId, value: { text: 'x' } }, /^You have no message/],
      [{ kind: 'thumb', generationId, value: { up: true, reasons: ['a\0'] } }, /invalid character U\+0000/],
      [
        {
          kind: 'comparison',
          leftGenerationId: generationId,
          rightGenerationId: generationId,
          value: { choice: 'tie' },
        },
        /^comparisonId must be given/,
      ],
      [
        { kind: 'comparison', leftGenerationId: generationId, rightGenerationId: stranger, value: { choice: 'tie' } },
        /are not two answers to one message/,
      ],
      [{ kind: 'demonstration', value: { text: 'x' } }, /^messageId must be given, or else generationId/],
      [{ kind: 'implicit', generationId, value: {} }, /^value give at least one signal/],
    ];
    expect(maxContext).toBeLessThan(1500);
    for (const [given, sentence] of sentences)
      expect(await refusal(given), JSON.stringify(given).slice(0, 120)).toMatch(sentence);
    expect(await refusal(mark(0, 5))).toBe('accepted');
    expect((await rowsOf(web, adaId, 'flaws')).length).toBe(1);
  });

  it('is refused on an answer that is being written or has failed; only signals are taken while it is written', async () => {
    const { one: generationId, other } = await asked();
    const { db } = web.product;
    const set = (status: 'running' | 'failed') =>
      db.update(generation).set({ status, finishedAt: null }).where(eq(generation.id, generationId));
    const rate: Feedback = { kind: 'rating', generationId, value: { rating: 5 } };
    await set('failed');
    expect(await refusal(rate)).toMatch(/^This answer could not be written/);
    await set('running');
    expect(await refusal(rate)).toMatch(/^The answer is still being written/);
    const pair = { leftGenerationId: other, rightGenerationId: generationId };
    expect(await refusal({ kind: 'comparison', ...pair, value: { choice: 'tie' } })).toMatch(/still being written/);
    expect(await refusal({ kind: 'implicit', generationId, value: { abandoned: true } })).toBe('accepted');
    await db.update(generation).set({ status: 'done' }).where(eq(generation.id, generationId));
  });

  it('is refused when its questionnaire is retired', async () => {
    const { one: generationId } = await asked();
    const { questions } = await openQuestionnaire(false);
    const [old] = await web.product.db
      .insert(questionnaire)
      .values({ name: 'old', version: 1, questions, retiredAt: new Date() })
      .returning();
    const ask = (questionnaireId: string): Feedback => ({
      ...{ kind: 'questionnaire', generationId },
      value: { questionnaireId, answers: QUALITY },
    });
    expect(await refusal(ask(old!.id))).toMatch(/^The questionnaire "old", version 1, is no longer used/);
    expect(await refusal(ask(generationId))).toBe(`There is no questionnaire ${generationId}.`);
  });
});

describe('signals', () => {
  it('of one answer are one row: each is kept, and the longest time', async () => {
    const { id, api } = await newPerson();
    const { one: generationId } = await asked({ of: id });
    const signal = (value: Extract<Feedback, { kind: 'implicit' }>['value']) =>
      api.feedback.give({ kind: 'implicit', generationId, value });
    await Promise.all([
      signal({ dwellMs: 900 }),
      signal({ copied: true }),
      signal({ dwellMs: 400, regenerated: true }),
    ]);
    expect(await rowsOf(web, id, 'implicit')).toMatchObject([
      { value: { copied: true, regenerated: true, dwellMs: 900 } },
    ]);
  });

  it('are taken from the page only while the person allows them, and are deleted with that', async () => {
    const { id, api } = await newPerson();
    const { one: generationId } = await asked({ of: id });
    const copied = { kind: 'implicit', generationId, value: { copied: true } } as const;
    await api.feedback.give(copied);
    await api.account.setAllowSignals({ allowSignals: false });
    expect(await rowsOf(web, id, 'implicit')).toEqual([]);
    expect((await historyOf(id)).filter(({ kind }) => kind === 'implicit')).toEqual([]);
    await expect(api.feedback.give(copied)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('are not taken from a chat that is kept out of training', async () => {
    const { one: generationId } = await asked({ allowTraining: false });
    const given = { kind: 'implicit', generationId, value: { copied: true } } as const;
    await expect(ada.feedback.give(given)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
