CREATE TABLE "kept_figures" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb,
	"counted_at" timestamp with time zone,
	"claimed_until" timestamp with time zone
);
--> statement-breakpoint
DROP INDEX "generation_version";--> statement-breakpoint
CREATE INDEX "feedback_said" ON "feedback" USING btree ("created_at","id") WHERE "feedback"."kind" <> 'implicit';--> statement-breakpoint
CREATE INDEX "feedback_choice" ON "feedback" USING btree ("created_at","id") WHERE "feedback"."kind" = 'comparison';--> statement-breakpoint
CREATE INDEX "rating_assignment_done" ON "rating_assignment" USING btree ("finished_at") WHERE "rating_assignment"."status" = 'done' and "rating_assignment"."value" is not null;--> statement-breakpoint
CREATE INDEX "generation_version" ON "generation" USING btree ("version_id","created_at","id","status");