CREATE TABLE "withdrawal" (
	"id" serial PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "conversation" ADD COLUMN "consented_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "snapshot" ADD COLUMN "tombstones" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
CREATE FUNCTION "note_withdrawal"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "withdrawal" DEFAULT VALUES;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "conversation_deleted" AFTER DELETE ON "conversation" FOR EACH ROW WHEN (OLD."allow_training") EXECUTE FUNCTION "note_withdrawal"();--> statement-breakpoint
CREATE TRIGGER "consent_withdrawn" AFTER UPDATE OF "allow_training" ON "conversation" FOR EACH ROW WHEN (OLD."allow_training" AND NOT NEW."allow_training") EXECUTE FUNCTION "note_withdrawal"();--> statement-breakpoint
CREATE TRIGGER "feedback_taken_back" AFTER DELETE ON "feedback" FOR EACH ROW EXECUTE FUNCTION "note_withdrawal"();--> statement-breakpoint
CREATE FUNCTION "note_consent"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW."consented_at" := now();
	RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER "consent_given" BEFORE UPDATE OF "allow_training" ON "conversation" FOR EACH ROW WHEN (NEW."allow_training" AND NOT OLD."allow_training") EXECUTE FUNCTION "note_consent"();
