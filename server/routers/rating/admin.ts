// The rating workplace for admins: tasks, prompt sets, guideline, questionnaires, disagreements, raters.
import { z } from 'zod';
import { MOST_RANKED } from '@/core/feedback/kinds';
import { Questions } from '@/core/feedback/questionnaire';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { STANDINGS } from '@/core/trust/standing';
import * as guideline from '@/server/services/rating/guideline';
import { listRaters } from '@/server/services/rating/progress';
import * as questionnaire from '@/server/services/rating/questionnaire';
import * as task from '@/server/services/rating/task-list';
import { createTasks } from '@/server/services/rating/tasks/create-tasks';
import { fillAnswers } from '@/server/services/rating/tasks/fill-answers';
import { listPromptSets, uploadPrompts } from '@/server/services/rating/tasks/prompt-set';
import { adminProcedure, router } from '../../trpc';
import { Direction, Id, VersionId } from '../inputs';

const Name = z.string().trim().min(1).max(TEXT_LIMITS.experimentName);
const MOST_TASKS = 1000;
const MOST_FILE = 900_000;

export const ratingAdminRouter = router({
  tasks: adminProcedure
    .input(
      z
        .strictObject({
          isOpen: z.boolean().default(true),
          cursor: z.string().max(200).nullish(),
          direction: Direction.optional(),
        })
        .default({ isOpen: true }),
    )
    .query(({ ctx, input }) => task.listTasks(ctx.product, input)),
  createTasks: adminProcedure
    .input(
      z.strictObject({
        kind: z.enum(['compare', 'rate', 'rank', 'questionnaire', 'write', 'correct']),
        promptSetId: z.uuid().nullable(),
        count: z.int().min(1).max(MOST_TASKS),
        completions: z.int().min(2).max(MOST_RANKED).optional(),
        questionnaireId: z.uuid().optional(),
        versionIds: z.array(VersionId).max(MOST_RANKED).optional(),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const made = await createTasks(ctx.product, ctx.user.id, input);
      void fillAnswers(ctx.product);
      return made;
    }),
  closeTask: adminProcedure.input(Id).mutation(({ ctx, input }) => task.closeTask(ctx.product, ctx.user.id, input.id)),
  /** Lets the model write what tasks still wait for. */
  writeAnswers: adminProcedure.mutation(({ ctx }) => {
    void fillAnswers(ctx.product);
  }),

  promptSets: adminProcedure.query(({ ctx }) => listPromptSets(ctx.product)),
  uploadPrompts: adminProcedure
    .input(z.strictObject({ name: Name, format: z.enum(['jsonl', 'text']), content: z.string().min(1).max(MOST_FILE) }))
    .mutation(({ ctx, input }) => uploadPrompts(ctx.product, ctx.user.id, input)),

  guidelines: adminProcedure.query(({ ctx }) => guideline.listGuidelines(ctx.product)),
  writeGuideline: adminProcedure
    .input(
      z.strictObject({
        en: z.string().min(1).max(guideline.MOST_GUIDELINE),
        ja: z.string().min(1).max(guideline.MOST_GUIDELINE),
      }),
    )
    .mutation(({ ctx, input }) => guideline.writeGuideline(ctx.product, ctx.user.id, input)),

  questionnaires: adminProcedure.query(({ ctx }) => questionnaire.listQuestionnaires(ctx.product)),
  writeQuestionnaire: adminProcedure
    .input(z.strictObject({ name: Name, questions: Questions, isForChat: z.boolean() }))
    .mutation(({ ctx, input }) => questionnaire.writeQuestionnaire(ctx.product, ctx.user.id, input)),
  retireQuestionnaire: adminProcedure
    .input(Id)
    .mutation(({ ctx, input }) => questionnaire.retireQuestionnaire(ctx.product, ctx.user.id, input.id)),
  fitWeights: adminProcedure.input(Id).query(({ ctx, input }) => questionnaire.fitWeights(ctx.product, input.id)),

  disagreements: adminProcedure.query(({ ctx }) => task.listDisagreements(ctx.product)),
  raters: adminProcedure.query(({ ctx }) => listRaters(ctx.product)),
  setStanding: adminProcedure
    .input(
      z.strictObject({
        userId: z.string().min(1).max(100),
        standing: z.enum(STANDINGS).nullable(),
        reason: z.string().trim().min(1).max(TEXT_LIMITS.comment),
      }),
    )
    .mutation(({ ctx, input }) => task.setStanding(ctx.product, ctx.user.id, input)),
});
