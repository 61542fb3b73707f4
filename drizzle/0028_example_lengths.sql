-- Of a text that is deleted together with others, one pass takes the examples of all of them out of a version.
CREATE OR REPLACE FUNCTION "forget_examples"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	"example" jsonb := jsonb_build_array(jsonb_build_object('hitId', OLD."id"));
BEGIN
	IF EXISTS (SELECT FROM "rule_version" WHERE "settings" -> 'examples' @> "example") THEN
		PERFORM pg_advisory_xact_lock(hashtextextended('attune rules', 0));
		UPDATE "rule_version" v SET "settings" = jsonb_set(v."settings", '{examples}', coalesce((
			SELECT jsonb_agg(e."value" ORDER BY e."at") FROM jsonb_path_query(v."settings", '$.examples[*]') WITH ORDINALITY AS e("value", "at")
			WHERE CASE WHEN e."value" ->> 'hitId' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
				THEN EXISTS (SELECT FROM "constraint_hit" h WHERE h."id" = (e."value" ->> 'hitId')::uuid) ELSE true END), '[]'))
		WHERE v."settings" -> 'examples' @> "example";
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
-- Examples too long to be read: what counts are UTF-16 units, of which a character beyond the first 65,536 has two.
UPDATE "rule_version" v SET "settings" = jsonb_set(v."settings", '{examples}', coalesce((
	SELECT jsonb_agg(e."value" ORDER BY e."at") FROM jsonb_path_query(v."settings", '$.examples[*]') WITH ORDINALITY AS e("value", "at")
	WHERE length(e."value" ->> 'text') + length(regexp_replace(e."value" ->> 'text', '[^\U00010000-\U0010FFFF]', '', 'g')) <= 4000), '[]'))
WHERE jsonb_path_exists(v."settings", '$.examples[*]')
	AND EXISTS (SELECT FROM jsonb_path_query(v."settings", '$.examples[*]') e
		WHERE length(e ->> 'text') > 2000 AND length(e ->> 'text') + length(regexp_replace(e ->> 'text', '[^\U00010000-\U0010FFFF]', '', 'g')) > 4000);
