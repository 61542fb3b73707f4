ALTER TABLE "user" ADD COLUMN "groups" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
CREATE TRIGGER "feedback_excluded" AFTER UPDATE OF "excluded_at" ON "feedback" FOR EACH ROW WHEN (OLD."excluded_at" IS NULL AND NEW."excluded_at" IS NOT NULL) EXECUTE FUNCTION "note_withdrawal"();
