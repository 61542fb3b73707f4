ALTER TABLE "feedback_history" ADD COLUMN "excluded_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "feedback_history" ADD COLUMN "excluded_by" text;--> statement-breakpoint
ALTER TABLE "feedback_history" ADD COLUMN "excluded_reason" text;