CREATE TABLE "generation_arm" (
	"generation_id" uuid NOT NULL,
	"experiment_id" uuid NOT NULL,
	"arm" text NOT NULL,
	"propensity" double precision NOT NULL,
	CONSTRAINT "generation_arm_experiment_id_generation_id_pk" PRIMARY KEY("experiment_id","generation_id")
);
--> statement-breakpoint
DROP INDEX "experiment_one_running";--> statement-breakpoint
ALTER TABLE "experiment" ALTER COLUMN "candidate_version_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "assignment" ADD COLUMN "exposed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "change" jsonb;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "layer" text DEFAULT 'versions' NOT NULL;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "segment_from" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "segment_to" double precision DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "share_since" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "plan" jsonb;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "needed" jsonb;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "decision" jsonb;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "decided_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "generation_arm" ADD CONSTRAINT "generation_arm_generation_id_generation_id_fk" FOREIGN KEY ("generation_id") REFERENCES "public"."generation"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "generation_arm" ADD CONSTRAINT "generation_arm_experiment_id_experiment_id_fk" FOREIGN KEY ("experiment_id") REFERENCES "public"."experiment"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "generation_arm_generation" ON "generation_arm" USING btree ("generation_id");--> statement-breakpoint
CREATE INDEX "experiment_running" ON "experiment" USING btree ("layer") WHERE "experiment"."status" = 'running';--> statement-breakpoint
ALTER TABLE "experiment" ADD CONSTRAINT "experiment_segment" CHECK (0 <= "experiment"."segment_from" and "experiment"."segment_from" < "experiment"."segment_to" and "experiment"."segment_to" <= 1);--> statement-breakpoint
ALTER TABLE "experiment" ADD CONSTRAINT "experiment_arms" CHECK (("experiment"."change" is null) <> ("experiment"."candidate_version_id" is null));