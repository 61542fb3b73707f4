// Fills a product's database by SQL as years of use would: people, chats, answers in an experiment, votes.
import pg from 'pg';

export interface Amounts {
  people: number;
  conversations: number;
  /** Answers; every fifth pair of them is a comparison. */
  generations: number;
  feedback: number;
}

/** Five questions a chat, each answered twice. */
const QUESTIONS = 5;
const ANSWERS = 2 * QUESTIONS;
const SLICES = 40;

/** An id made from a kind and a number, so that rows of one table find those of another. */
const id = (kind: string, n: string) => `('${kind}0000000-0000-4000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
/** Words enough for a language to be told, and no two rows alike. */
const TEXT = (n: string) =>
  `(array['What is the best way to learn about the weather in the mountains?', 'How do I make a good soup for my friends?', 'Tell me a short story about the sea and a boat.', 'Why is the sky blue in the morning and red in the evening?'])[1 + (${n}) % 4] || ' ' || (${n})`;

/** `note` is called with each step that is done. The indexes and constraints of the tables stand again at the end. */
export async function fillDatabase(url: string, amounts: Amounts, note: (step: string) => void): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`set synchronous_commit = off; set maintenance_work_mem = '1GB'; set work_mem = '256MB'`);
    // Without triggers, which would note every row by itself.
    await client.query(`set session_replication_role = replica`);
    const tables = `'"user"', 'conversation', 'message', 'generation', 'comparison', 'feedback', 'assignment'`;
    const { rows: constraints } = await client.query<{ name: string; owner: string; definition: string }>(
      `select conname as name, conrelid::regclass::text as owner, pg_get_constraintdef(oid) as definition
       from pg_constraint where contype = 'f' and conrelid::regclass::text in (${tables})`,
    );
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition from pg_index i
       where i.indrelid::regclass::text in (${tables}) and not i.indisprimary and not exists
         (select from pg_constraint c where c.conindid = i.indexrelid)`,
    );
    for (const { name, owner } of constraints) await client.query(`alter table ${owner} drop constraint "${name}"`);
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    for (const [table, total, insert] of statements(amounts)) {
      const slice = Math.ceil(total / SLICES);
      for (let from = 1; from <= total; from += slice)
        await client.query(insert(from, Math.min(total, from + slice - 1)));
      note(`${total.toLocaleString('en')} rows of ${table}`);
    }
    for (const { definition } of indexes) await client.query(definition);
    for (const { name, owner, definition } of constraints)
      await client.query(`alter table ${owner} add constraint "${name}" ${definition}`);
    note(`${indexes.length} indexes, ${constraints.length} foreign keys`);
    await client.query(
      `insert into figure_change (experiment_id, user_id)
       select distinct experiment_id, user_id from generation where experiment_id is not null`,
    );
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

type Insert = (from: number, to: number) => string;

function statements({ people, conversations, generations, feedback }: Amounts): [string, number, Insert][] {
  const person = (conversationNumber: string) => `'scale-' || (1 + (${conversationNumber}) % ${people})`;
  const moment = (n: string, of: number) => `now() - interval '300 days' * (1 - (${n})::float8 / ${of})`;
  const series = (from: number, to: number) => `generate_series(${from}, ${to}) as n`;
  const chatOfAnswer = `1 + (n - 1) / ${ANSWERS}`;
  const arm = `case when (${chatOfAnswer}) % ${people} % 10 = 0 then 'candidate' else 'champion' end`;
  const running = `(select id from experiment where status = 'running' limit 1)`;
  const comparisons = Math.floor(feedback / 2);
  return [
    [
      'user',
      people,
      (from, to) =>
        `insert into "user" (id, name, email, is_anonymous, allow_training)
         select 'scale-' || n, 'Guest ' || n, 'scale-' || n || '@example.invalid', true, true from ${series(from, to)}`,
    ],
    [
      'conversation',
      conversations,
      (from, to) =>
        `insert into conversation (id, user_id, title, allow_training, readers_named, created_at, updated_at)
         select ${id('c', 'n')}, ${person('n')}, 'Chat ' || n, true, true, ${moment('n', conversations)},
           ${moment('n', conversations)} from ${series(from, to)}`,
    ],
    [
      'message (questions)',
      conversations * QUESTIONS,
      (from, to) =>
        `insert into message (id, conversation_id, parent_id, role, content, client_message_id, created_at)
         select ${id('a', 'n')}, ${id('c', `1 + (n - 1) / ${QUESTIONS}`)}, null, 'user', ${TEXT('n')}, n::text,
           ${moment('n', conversations * QUESTIONS)} from ${series(from, to)}`,
    ],
    [
      'message (answers)',
      generations,
      (from, to) =>
        `insert into message (id, conversation_id, parent_id, role, content, created_at)
         select ${id('b', 'n')}, ${id('c', chatOfAnswer)}, ${id('a', '1 + (n - 1) / 2')}, 'assistant', ${TEXT('n + 1')},
           ${moment('n', generations)} from ${series(from, to)}`,
    ],
    [
      'generation',
      generations,
      (from, to) =>
        `insert into generation (id, message_id, conversation_id, user_id, status, version_id, experiment_id, arm,
           propensity, sampling, seed, prompt_ids, completion_ids, logprobs, finish_reason, first_token_ms, duration_ms,
           created_at, finished_at)
         select ${id('d', 'n')}, ${id('b', 'n')}, ${id('c', chatOfAnswer)}, ${person(chatOfAnswer)}, 'done',
           case when ${arm} = 'candidate' then 'scale-candidate' else 'base' end, ${running}, ${arm}, 0.1,
           '{"temperature": 0.7}', n, array[1, 2, 3, 4, 5, 6, 7, 8], array[1, 2, 3, 4, 5, 6, 7, 8],
           array[-1, -1, -1, -1, -1, -1, -1, -1]::real[], 'stop', 100 + n % 100, 1000, ${moment('n', generations)},
           ${moment('n', generations)} from ${series(from, to)}`,
    ],
    [
      'assignment',
      people,
      (from, to) =>
        `insert into assignment (experiment_id, user_id, arm, bucket, propensity)
         select ${running}, 'scale-' || (1 + n % ${people}), case when n % 10 = 0 then 'candidate' else 'champion' end,
           (case when n % 10 = 0 then 0 else 0.1 end) + (n % 97) / 1000.0, case when n % 10 = 0 then 0.1 else 0.9 end
         from ${series(from, to)} where ${running} is not null`,
    ],
    [
      'comparison',
      comparisons,
      (from, to) =>
        `insert into comparison (id, conversation_id, user_id, left_generation_id, right_generation_id, source, created_at)
         select ${id('e', 'n')}, ${id('c', `1 + (2 * n - 2) / ${ANSWERS}`)}, ${person(`(1 + (2 * n - 2) / ${ANSWERS})`)},
           ${id('d', '2 * n - 1')}, ${id('d', '2 * n')}, 'side_by_side', ${moment('n', comparisons)}
         from ${series(from, to)}`,
    ],
    [
      'feedback (comparisons)',
      comparisons,
      (from, to) =>
        `insert into feedback (user_id, kind, comparison_id, value, created_at, updated_at)
         select ${person(`(1 + (2 * n - 2) / ${ANSWERS})`)}, 'comparison', ${id('e', 'n')},
           jsonb_build_object('choice', (array['left', 'right', 'tie'])[1 + n % 3]), ${moment('n', comparisons)},
           ${moment('n', comparisons)} from ${series(from, to)}`,
    ],
    [
      'feedback (thumbs)',
      feedback - comparisons,
      (from, to) =>
        `insert into feedback (user_id, kind, generation_id, value, created_at, updated_at)
         select ${person(`(1 + (n + ${generations - feedback} - 1) / ${ANSWERS})`)}, 'thumb',
           ${id('d', `n + ${generations - feedback}`)}, jsonb_build_object('up', n % 3 > 0),
           ${moment('n', feedback - comparisons)}, ${moment('n', feedback - comparisons)} from ${series(from, to)}`,
    ],
  ];
}
