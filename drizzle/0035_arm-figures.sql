CREATE TABLE "arm_figure" (
	"experiment_id" uuid NOT NULL,
	"arm" text NOT NULL,
	"guard" text NOT NULL,
	"weight" numeric NOT NULL,
	"weighted" numeric NOT NULL,
	"squares" numeric NOT NULL,
	"weight_squares" numeric NOT NULL,
	CONSTRAINT "arm_figure_experiment_id_arm_guard_pk" PRIMARY KEY("experiment_id","arm","guard")
);
--> statement-breakpoint
CREATE TABLE "figure_change" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"experiment_id" uuid NOT NULL,
	"user_id" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "person_figure" (
	"experiment_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"arm" text NOT NULL,
	"guard" text NOT NULL,
	"value" numeric NOT NULL,
	"weight" numeric NOT NULL,
	CONSTRAINT "person_figure_experiment_id_user_id_arm_guard_pk" PRIMARY KEY("experiment_id","user_id","arm","guard")
);
--> statement-breakpoint
CREATE TABLE "voter_trust" (
	"user_id" text PRIMARY KEY NOT NULL,
	"thumb" numeric NOT NULL,
	"comparison" numeric NOT NULL
);
--> statement-breakpoint
DROP INDEX "generation_experiment";--> statement-breakpoint
ALTER TABLE "canary" ADD COLUMN "progress" jsonb;--> statement-breakpoint
ALTER TABLE "voter_trust" ADD CONSTRAINT "voter_trust_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "generation_person" ON "generation" USING btree ("experiment_id","user_id") WHERE "generation"."experiment_id" is not null;--> statement-breakpoint
CREATE INDEX "generation_candidate" ON "generation" USING btree ("experiment_id","finished_at") WHERE "generation"."experiment_id" is not null and "generation"."arm" = 'candidate';--> statement-breakpoint
CREATE INDEX "message_replaces" ON "message" USING btree ("replaces_id") WHERE "message"."replaces_id" is not null;
--> statement-breakpoint
-- Whose figures an answer is part of: the person who asked, and all who voted on it, alone or beside another.
CREATE FUNCTION "note_answer"("answer" uuid) RETURNS void LANGUAGE sql AS $$
	INSERT INTO "figure_change" ("experiment_id", "user_id")
	SELECT g."experiment_id", p."user_id" FROM "generation" g, LATERAL (
		SELECT g."user_id"
		UNION SELECT f."user_id" FROM "feedback" f WHERE f."generation_id" = g."id"
		UNION SELECT f."user_id" FROM "comparison" c JOIN "feedback" f ON f."comparison_id" = c."id" WHERE c."left_generation_id" = g."id"
		UNION SELECT f."user_id" FROM "comparison" c JOIN "feedback" f ON f."comparison_id" = c."id" WHERE c."right_generation_id" = g."id") p
	WHERE g."id" = "answer" AND g."experiment_id" IS NOT NULL
$$;--> statement-breakpoint
CREATE FUNCTION "note_generation"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		PERFORM note_answer(OLD."id");
		RETURN OLD;
	END IF;
	INSERT INTO "figure_change" ("experiment_id", "user_id") VALUES (NEW."experiment_id", NEW."user_id");
	IF TG_OP = 'UPDATE' AND OLD."user_id" <> NEW."user_id" THEN
		INSERT INTO "figure_change" ("experiment_id", "user_id") VALUES (OLD."experiment_id", OLD."user_id");
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "generation_finished" AFTER INSERT ON "generation" FOR EACH ROW WHEN (NEW."experiment_id" IS NOT NULL AND NEW."status" <> 'running') EXECUTE FUNCTION "note_generation"();--> statement-breakpoint
CREATE TRIGGER "generation_changed" AFTER UPDATE OF "status", "first_token_ms", "user_id" ON "generation" FOR EACH ROW
	WHEN (NEW."experiment_id" IS NOT NULL AND NEW."status" <> 'running'
		AND (OLD."status", OLD."first_token_ms", OLD."user_id") IS DISTINCT FROM (NEW."status", NEW."first_token_ms", NEW."user_id")) EXECUTE FUNCTION "note_generation"();--> statement-breakpoint
-- Before, while the votes on it can still be found.
CREATE TRIGGER "generation_going" BEFORE DELETE ON "generation" FOR EACH ROW WHEN (OLD."experiment_id" IS NOT NULL) EXECUTE FUNCTION "note_generation"();--> statement-breakpoint
CREATE FUNCTION "note_vote"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	"vote" "feedback" := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
	"former" text := CASE WHEN TG_OP = 'UPDATE' THEN OLD."user_id" ELSE "vote"."user_id" END;
BEGIN
	IF "vote"."kind" NOT IN ('thumb', 'comparison') THEN RETURN NULL; END IF;
	INSERT INTO "figure_change" ("experiment_id", "user_id")
	SELECT g."experiment_id", p."user_id" FROM "generation" g, (SELECT "vote"."user_id" UNION SELECT "former") p
	WHERE g."id" = coalesce("vote"."generation_id", (SELECT c."left_generation_id" FROM "comparison" c WHERE c."id" = "vote"."comparison_id"))
		AND g."experiment_id" IS NOT NULL;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "vote_changed" AFTER INSERT OR UPDATE OR DELETE ON "feedback" FOR EACH ROW EXECUTE FUNCTION "note_vote"();--> statement-breakpoint
CREATE FUNCTION "note_comparison"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	"pair" "comparison" := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
	PERFORM note_answer("pair"."left_generation_id");
	PERFORM note_answer("pair"."right_generation_id");
	RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD END;
END $$;--> statement-breakpoint
CREATE TRIGGER "comparison_made" AFTER INSERT ON "comparison" FOR EACH ROW EXECUTE FUNCTION "note_comparison"();--> statement-breakpoint
CREATE TRIGGER "comparison_going" BEFORE DELETE ON "comparison" FOR EACH ROW EXECUTE FUNCTION "note_comparison"();--> statement-breakpoint
CREATE FUNCTION "note_hit"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	"hit" "constraint_hit" := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
	INSERT INTO "figure_change" ("experiment_id", "user_id")
	SELECT g."experiment_id", g."user_id" FROM "generation" g WHERE g."id" = "hit"."generation_id" AND g."experiment_id" IS NOT NULL;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "hit_changed" AFTER INSERT OR UPDATE OR DELETE ON "constraint_hit" FOR EACH ROW EXECUTE FUNCTION "note_hit"();--> statement-breakpoint
CREATE FUNCTION "note_replacement"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	"answer" "message" := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
	INSERT INTO "figure_change" ("experiment_id", "user_id")
	SELECT g."experiment_id", g."user_id" FROM "generation" g WHERE g."message_id" = "answer"."replaces_id" AND g."experiment_id" IS NOT NULL;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "replacement_made" AFTER INSERT ON "message" FOR EACH ROW WHEN (NEW."replaces_id" IS NOT NULL) EXECUTE FUNCTION "note_replacement"();--> statement-breakpoint
CREATE TRIGGER "replacement_gone" AFTER DELETE ON "message" FOR EACH ROW WHEN (OLD."replaces_id" IS NOT NULL) EXECUTE FUNCTION "note_replacement"();--> statement-breakpoint
CREATE FUNCTION "note_trust"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	"voter" text := CASE WHEN TG_OP = 'DELETE' THEN OLD."user_id" ELSE NEW."user_id" END;
BEGIN
	INSERT INTO "figure_change" ("experiment_id", "user_id")
	SELECT e."id", "voter" FROM "experiment" e
		WHERE EXISTS (SELECT FROM "person_figure" p WHERE p."experiment_id" = e."id" AND p."user_id" = "voter");
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "trust_changed" AFTER INSERT OR UPDATE OR DELETE ON "voter_trust" FOR EACH ROW EXECUTE FUNCTION "note_trust"();--> statement-breakpoint
-- What experiments have gathered so far.
INSERT INTO "figure_change" ("experiment_id", "user_id")
SELECT DISTINCT g."experiment_id", g."user_id" FROM "generation" g
	WHERE g."experiment_id" IS NOT NULL
UNION SELECT g."experiment_id", f."user_id" FROM "feedback" f LEFT JOIN "comparison" c ON c."id" = f."comparison_id"
	JOIN "generation" g ON g."id" = coalesce(f."generation_id", c."left_generation_id") WHERE g."experiment_id" IS NOT NULL;--> statement-breakpoint
-- Nothing is promoted without having met users: who let versions be promoted at once lets them go to users step by step.
INSERT INTO "setting" ("key", "value") SELECT 'autoCanary', 'true' FROM "setting" WHERE "key" = 'autoPromote' AND "value" = 'true'
ON CONFLICT ("key") DO UPDATE SET "value" = 'true', "updated_at" = now();--> statement-breakpoint
DELETE FROM "setting" WHERE "key" = 'autoPromote';
--> statement-breakpoint
-- The means of a person in an experiment, by arm and guard. An answer counts as written again once another one was asked for in
-- its place. Answers shown side by side are not a sample of an arm's users, so their thumbs are left out. The word of a person
-- whose trust is below 0 is turned over. Rounded, so that sums of them are exact.
CREATE FUNCTION "figures_of_person"("experiment" uuid, "person" text) RETURNS TABLE ("arm" text, "guard" text, "value" numeric, "weight" numeric) LANGUAGE sql AS $$
	WITH "answer" AS (
		SELECT g."arm", (g."status" = 'failed')::int AS "failed", g."first_token_ms"::float8 AS "wait",
			EXISTS (SELECT FROM "constraint_hit" h WHERE h."generation_id" = g."id" AND h."false_at" IS NULL AND NOT h."is_unjudged")::int AS "broken",
			EXISTS (SELECT FROM "message" m WHERE m."replaces_id" = g."message_id")::int AS "regenerated"
		FROM "generation" g WHERE g."experiment_id" = "experiment" AND g."user_id" = "person" AND g."status" <> 'running'),
	"mean" AS (
		SELECT a."arm", avg(a."failed") AS "failed", avg(a."wait") AS "wait", avg(a."broken") AS "broken", avg(a."regenerated") AS "regenerated"
		FROM "answer" a GROUP BY a."arm"),
	"vote" AS (
		SELECT f."generation_id", f."comparison_id", f."value" FROM "feedback" f WHERE f."user_id" = "person"
			AND f."kind" IN ('thumb', 'comparison') AND f."excluded_at" IS NULL AND f."source" <> 'judge'),
	"thumb" AS (
		SELECT g."arm", avg((v."value" -> 'up' = 'true')::int) AS "up"
		FROM "vote" v JOIN "generation" g ON g."id" = v."generation_id" WHERE g."experiment_id" = "experiment"
			AND NOT EXISTS (SELECT FROM "comparison" c WHERE c."left_generation_id" = g."id" AND c."source" = 'side_by_side')
			AND NOT EXISTS (SELECT FROM "comparison" c WHERE c."right_generation_id" = g."id" AND c."source" = 'side_by_side')
		GROUP BY g."arm"),
	"choice" AS (
		SELECT s."arm", avg((v."value" ->> 'choice' = s."side")::int) AS "won"
		FROM "vote" v JOIN "comparison" c ON c."id" = v."comparison_id"
		JOIN "generation" l ON l."id" = c."left_generation_id" JOIN "generation" r ON r."id" = c."right_generation_id",
		LATERAL (VALUES (l."arm", 'left'), (r."arm", 'right')) AS s ("arm", "side")
		WHERE v."value" ->> 'choice' IN ('left', 'right') AND l."experiment_id" = "experiment" AND r."experiment_id" = "experiment" AND l."arm" <> r."arm"
		GROUP BY s."arm"),
	"trust" AS (
		SELECT coalesce(t."thumb", 1) AS "thumb", coalesce(t."comparison", 1) AS "comparison" FROM (SELECT) one LEFT JOIN "voter_trust" t ON t."user_id" = "person")
	SELECT m."arm", o."guard", round(o."value"::numeric, 9), 1 FROM "mean" m, LATERAL (VALUES ('broken', m."broken"::float8), ('failed', m."failed"::float8),
		('regenerated', m."regenerated"::float8), ('firstTokenMs', m."wait")) AS o ("guard", "value") WHERE o."value" IS NOT NULL
	UNION ALL SELECT v."arm", 'thumbs', round(CASE WHEN t."thumb" < 0 THEN 1 - v."up" ELSE v."up" END, 9), abs(t."thumb") FROM "thumb" v, "trust" t
	UNION ALL SELECT v."arm", 'sideBySide', round(CASE WHEN t."comparison" < 0 THEN 1 - v."won" ELSE v."won" END, 9), abs(t."comparison") FROM "choice" v, "trust" t
$$;--> statement-breakpoint
-- Takes so many changes and counts their people anew; the arms' sums take the difference. Returns how many were taken, or -1 if another
-- process holds the turn. Each statement sees what is committed before it, and so all that the taken changes tell of; what is changed
-- meanwhile has a row for the next time.
CREATE FUNCTION "count_changes"("size" integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	"experiments" uuid[];
	"people" text[];
	"taken" integer;
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended('attune figures', 0)) THEN RETURN -1; END IF;
	WITH "gone" AS (
		DELETE FROM "figure_change" WHERE "id" IN (SELECT c."id" FROM "figure_change" c ORDER BY c."id" LIMIT "size")
		RETURNING "experiment_id", "user_id"),
	"one" AS (SELECT "experiment_id", "user_id", count(*) AS "changes" FROM "gone" GROUP BY 1, 2)
	SELECT array_agg("experiment_id"), array_agg("user_id"), coalesce(sum("changes"), 0) INTO "experiments", "people", "taken" FROM "one";
	IF "taken" = 0 THEN RETURN 0; END IF;
	WITH "old" AS (
		DELETE FROM "person_figure" p USING unnest("experiments", "people") AS c ("experiment_id", "user_id")
		WHERE p."experiment_id" = c."experiment_id" AND p."user_id" = c."user_id" RETURNING p.*)
	UPDATE "arm_figure" a SET "weight" = a."weight" - o."weight", "weighted" = a."weighted" - o."weighted",
		"squares" = a."squares" - o."squares", "weight_squares" = a."weight_squares" - o."weight_squares"
	FROM (
		SELECT "experiment_id", "arm", "guard", sum("weight") AS "weight", sum("weight" * "value") AS "weighted",
			sum("weight" * "value" * "value") AS "squares", sum("weight" * "weight") AS "weight_squares"
		FROM "old" GROUP BY 1, 2, 3) o
	WHERE a."experiment_id" = o."experiment_id" AND a."arm" = o."arm" AND a."guard" = o."guard";
	WITH "new" AS (
		INSERT INTO "person_figure" ("experiment_id", "user_id", "arm", "guard", "value", "weight")
		SELECT c."experiment_id", c."user_id", f.* FROM unnest("experiments", "people") AS c ("experiment_id", "user_id"),
			LATERAL figures_of_person(c."experiment_id", c."user_id") f RETURNING *)
	INSERT INTO "arm_figure" AS a ("experiment_id", "arm", "guard", "weight", "weighted", "squares", "weight_squares")
	SELECT "experiment_id", "arm", "guard", sum("weight"), sum("weight" * "value"), sum("weight" * "value" * "value"), sum("weight" * "weight")
	FROM "new" GROUP BY 1, 2, 3
	ON CONFLICT ("experiment_id", "arm", "guard") DO UPDATE SET "weight" = a."weight" + excluded."weight", "weighted" = a."weighted" + excluded."weighted",
		"squares" = a."squares" + excluded."squares", "weight_squares" = a."weight_squares" + excluded."weight_squares";
	RETURN "taken";
END $$;
