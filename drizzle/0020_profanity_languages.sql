-- A profanity rule names its languages in place of a preset.
UPDATE "setting" SET "value" = jsonb_set("value", '{rules}', (
  SELECT coalesce(jsonb_agg(CASE
    WHEN rule->>'kind' = 'profanity' AND rule ? 'preset' THEN (rule - 'preset') || jsonb_build_object('languages',
      CASE WHEN rule->>'preset' = 'none' THEN '[]'::jsonb ELSE '["en"]'::jsonb END)
    ELSE rule END ORDER BY place), '[]'::jsonb)
  FROM jsonb_array_elements("value"->'rules') WITH ORDINALITY AS listed(rule, place)
)) WHERE "key" = 'constraints';
