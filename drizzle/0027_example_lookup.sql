CREATE INDEX "rule_version_examples" ON "rule_version" USING gin (("settings" -> 'examples') jsonb_path_ops);--> statement-breakpoint
DROP TRIGGER "hit_deleted" ON "constraint_hit";--> statement-breakpoint
-- The lock is that of whoever changes rules. It is taken at the end of the transaction, when every row to delete is held, so
-- that deletions and changes never wait for each other in a circle.
CREATE OR REPLACE FUNCTION "forget_examples"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	"example" jsonb := jsonb_build_array(jsonb_build_object('hitId', OLD."id"));
BEGIN
	IF EXISTS (SELECT FROM "rule_version" WHERE "settings" -> 'examples' @> "example") THEN
		PERFORM pg_advisory_xact_lock(hashtextextended('attune rules', 0));
		UPDATE "rule_version" v SET "settings" = jsonb_set(v."settings", '{examples}', coalesce((
			SELECT jsonb_agg(e."value" ORDER BY e."at") FROM jsonb_path_query(v."settings", '$.examples[*]') WITH ORDINALITY AS e("value", "at")
			WHERE (e."value" ->> 'hitId') IS DISTINCT FROM OLD."id"::text), '[]'))
		WHERE v."settings" -> 'examples' @> "example";
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "hit_deleted" AFTER DELETE ON "constraint_hit" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "forget_examples"();
