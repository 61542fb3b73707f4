ALTER TABLE "conversation" ALTER COLUMN "allow_training" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "user" ADD COLUMN "allow_training" boolean;