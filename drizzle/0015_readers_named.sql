ALTER TABLE "conversation" ADD COLUMN "readers_named" boolean DEFAULT false NOT NULL;--> statement-breakpoint
-- Those who said yes are asked again before their next chat, because what they read then did not name raters.
UPDATE "user" SET "allow_training" = NULL WHERE "allow_training";
