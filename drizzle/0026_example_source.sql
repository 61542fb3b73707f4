-- An example that was taken from a person's text names the hit that it was taken from, and goes with it, from every version.
-- The mark and the example were written in one transaction, and the example is the last one of its version.
WITH "marked" AS MATERIALIZED (
	SELECT a."subject" AS "rule_id", w."settings" -> 'examples' -> -1 AS "example", max(m."detail" ->> 'hitId') AS "hit_id" FROM "audit" a
	JOIN "audit" m ON m."action" = 'rule.false_hit' AND m."subject" = a."subject" AND m."created_at" = a."created_at"
	JOIN "rule_version" w ON w."rule_id" = a."subject" AND w."version" = (a."detail" ->> 'version')::integer
	WHERE a."action" = 'rule.example' GROUP BY 1, 2)
UPDATE "rule_version" v SET "settings" = jsonb_set(v."settings", '{examples}', (
	SELECT jsonb_agg(CASE WHEN s."hit_id" IS NULL THEN e."value" ELSE e."value" || jsonb_build_object('hitId', s."hit_id") END ORDER BY e."at")
	FROM jsonb_path_query(v."settings", '$.examples[*]') WITH ORDINALITY AS e("value", "at")
	LEFT JOIN "marked" s ON s."rule_id" = v."rule_id" AND s."example" = e."value"))
WHERE v."rule_id" IN (SELECT "rule_id" FROM "marked") AND jsonb_path_exists(v."settings", '$.examples[*]');--> statement-breakpoint
-- Texts that are gone, and examples too long to be read.
UPDATE "rule_version" v SET "settings" = jsonb_set(v."settings", '{examples}', coalesce((
	SELECT jsonb_agg(e."value" ORDER BY e."at") FROM jsonb_path_query(v."settings", '$.examples[*]') WITH ORDINALITY AS e("value", "at")
	WHERE length(e."value" ->> 'text') <= 4000
		AND (e."value" ->> 'hitId' IS NULL OR e."value" ->> 'hitId' IN (SELECT "id"::text FROM "constraint_hit"))), '[]'))
WHERE jsonb_path_exists(v."settings", '$.examples[*]');--> statement-breakpoint
CREATE FUNCTION "forget_examples"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM "gone") THEN
		UPDATE "rule_version" v SET "settings" = jsonb_set(v."settings", '{examples}', coalesce((
			SELECT jsonb_agg(e."value" ORDER BY e."at") FROM jsonb_path_query(v."settings", '$.examples[*]') WITH ORDINALITY AS e("value", "at")
			WHERE (e."value" ->> 'hitId') IS NULL OR (e."value" ->> 'hitId') NOT IN (SELECT "id"::text FROM "gone")), '[]'))
		WHERE v."rule_id" IN (SELECT "rule_id" FROM "gone") AND EXISTS (
			SELECT FROM jsonb_path_query(v."settings", '$.examples[*]') e JOIN "gone" g ON g."id"::text = e ->> 'hitId');
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "hit_deleted" AFTER DELETE ON "constraint_hit" REFERENCING OLD TABLE AS "gone" FOR EACH STATEMENT EXECUTE FUNCTION "forget_examples"();
