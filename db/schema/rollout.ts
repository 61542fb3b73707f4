// Declares the tables that keep the figures of an experiment's arms up to date, so that no review reads every answer.
import { bigserial, numeric, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { user } from '../auth-schema';

const exact = (name: string) => numeric(name).notNull();
/** Without a reference, which would hold up every change of the experiment while its people are counted. */
const experimentId = () => uuid('experiment_id').notNull();

/**
 * Someone's answers or votes in an experiment have changed; written by triggers on everything that a figure is made of.
 * A row is added by each change, as one row for many could be taken while a later change is not yet visible.
 */
export const figureChange = pgTable('figure_change', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  experimentId: experimentId(),
  userId: text('user_id').notNull(),
});

/**
 * A person's mean of one guard in one arm. Without a reference to the person, whose part must leave the arm's sums first:
 * the deletion of their answers and votes is a change like any other.
 */
export const personFigure = pgTable(
  'person_figure',
  {
    experimentId: experimentId(),
    userId: text('user_id').notNull(),
    arm: text('arm').notNull(),
    guard: text('guard').notNull(),
    value: exact('value'),
    weight: exact('weight'),
  },
  (t) => [primaryKey({ columns: [t.experimentId, t.userId, t.arm, t.guard] })],
);

/** Sums of an arm's `person_figure`; decimal numbers, so that what is added and taken away leaves no error. */
export const armFigure = pgTable(
  'arm_figure',
  {
    experimentId: experimentId(),
    arm: text('arm').notNull(),
    guard: text('guard').notNull(),
    weight: exact('weight'),
    weighted: exact('weighted'),
    squares: exact('squares'),
    weightSquares: exact('weight_squares'),
  },
  (t) => [primaryKey({ columns: [t.experimentId, t.arm, t.guard] })],
);

/** How far a voter was believed when it was last estimated, -1 to 1; one without a row counts in full. */
export const voterTrust = pgTable('voter_trust', {
  userId: text('user_id')
    .primaryKey()
    .references(() => user.id, { onDelete: 'cascade' }),
  thumb: exact('thumb'),
  comparison: exact('comparison'),
});
