CREATE INDEX "assignment_bucket" ON "assignment" USING btree ("experiment_id","bucket");--> statement-breakpoint
ALTER TABLE "assignment" DROP COLUMN "updated_at";