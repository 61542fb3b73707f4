ALTER TABLE "generation" DROP COLUMN "constraint_hits";--> statement-breakpoint
ALTER TABLE "message" DROP COLUMN "constraint_hits";