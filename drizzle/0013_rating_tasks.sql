ALTER TABLE "rating_task" ADD COLUMN "pending_version_ids" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "rating_task" ADD COLUMN "reviews_assignment_id" uuid;--> statement-breakpoint
ALTER TABLE "rating_task" ADD COLUMN "adjudicates_task_id" uuid;--> statement-breakpoint
ALTER TABLE "rating_task" ADD CONSTRAINT "rating_task_reviews_assignment_id_rating_assignment_id_fk" FOREIGN KEY ("reviews_assignment_id") REFERENCES "public"."rating_assignment"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rating_task" ADD CONSTRAINT "rating_task_adjudicates_task_id_rating_task_id_fk" FOREIGN KEY ("adjudicates_task_id") REFERENCES "public"."rating_task"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "rating_task_adjudicates" ON "rating_task" USING btree ("adjudicates_task_id");--> statement-breakpoint
CREATE INDEX "rating_task_reviews" ON "rating_task" USING btree ("reviews_assignment_id");