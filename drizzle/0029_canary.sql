CREATE TYPE "public"."canary_phase" AS ENUM('share_1', 'share_5', 'share_10', 'share_25', 'share_50', 'promoted', 'rolled_back');--> statement-breakpoint
CREATE TABLE "canary" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"experiment_id" uuid NOT NULL,
	"candidate_version_id" text NOT NULL,
	"champion_version_id" text NOT NULL,
	"phase" "canary_phase" NOT NULL,
	"phase_since" timestamp with time zone DEFAULT now() NOT NULL,
	"is_paused" boolean DEFAULT false NOT NULL,
	"settings" jsonb NOT NULL,
	"verdict" jsonb,
	"reviews" integer DEFAULT 0 NOT NULL,
	"reviewed_at" timestamp with time zone,
	"reason" text,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "canary_ended" CHECK (("canary"."ended_at" is not null) = ("canary"."phase" in ('promoted', 'rolled_back')))
);
--> statement-breakpoint
ALTER TABLE "canary" ADD CONSTRAINT "canary_experiment_id_experiment_id_fk" FOREIGN KEY ("experiment_id") REFERENCES "public"."experiment"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "canary" ADD CONSTRAINT "canary_candidate_version_id_version_id_fk" FOREIGN KEY ("candidate_version_id") REFERENCES "public"."version"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "canary" ADD CONSTRAINT "canary_champion_version_id_version_id_fk" FOREIGN KEY ("champion_version_id") REFERENCES "public"."version"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "canary_one_running" ON "canary" USING btree ((true)) WHERE "canary"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "generation_experiment" ON "generation" USING btree ("experiment_id") WHERE "generation"."experiment_id" is not null;