CREATE TABLE "constitution" (
	"version" serial PRIMARY KEY NOT NULL,
	"principles" jsonb NOT NULL,
	"restores" integer,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "judge" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" text NOT NULL,
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"labels" text[] NOT NULL,
	"url" text,
	"sealed_key" text,
	"gives_logprobs" boolean DEFAULT true NOT NULL,
	"prompt_price" double precision DEFAULT 0 NOT NULL,
	"completion_price" double precision DEFAULT 0 NOT NULL,
	"budget" double precision DEFAULT 0 NOT NULL,
	"most_calls" integer DEFAULT 0 NOT NULL,
	"requests_per_minute" integer DEFAULT 60 NOT NULL,
	"timeout_seconds" double precision DEFAULT 60 NOT NULL,
	"spent" double precision DEFAULT 0 NOT NULL,
	"calls" integer DEFAULT 0 NOT NULL,
	"prompt_tokens" bigint DEFAULT 0 NOT NULL,
	"completion_tokens" bigint DEFAULT 0 NOT NULL,
	"next_call_at" timestamp with time zone,
	"activity" text DEFAULT 'idle' NOT NULL,
	"done" integer DEFAULT 0 NOT NULL,
	"total" integer DEFAULT 0 NOT NULL,
	"trouble" text,
	"lease_owner" uuid,
	"lease_expires_at" timestamp with time zone,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"retired_at" timestamp with time zone,
	CONSTRAINT "judge_user_id_unique" UNIQUE("user_id")
);
--> statement-breakpoint
CREATE TABLE "judge_label" (
	"id" serial PRIMARY KEY NOT NULL,
	"judge_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"conversation_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"generation_id" uuid NOT NULL,
	"other_generation_id" uuid,
	"feedback_id" uuid,
	"missing" text,
	"model" text NOT NULL,
	"constitution_version" integer NOT NULL,
	"said" jsonb NOT NULL,
	"price" double precision DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "judge_measurement" (
	"id" serial PRIMARY KEY NOT NULL,
	"judge_id" uuid NOT NULL,
	"constitution_version" integer NOT NULL,
	"figures" jsonb NOT NULL,
	"price" double precision DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "judge" ADD CONSTRAINT "judge_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_label" ADD CONSTRAINT "judge_label_judge_id_judge_id_fk" FOREIGN KEY ("judge_id") REFERENCES "public"."judge"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_label" ADD CONSTRAINT "judge_label_conversation_id_conversation_id_fk" FOREIGN KEY ("conversation_id") REFERENCES "public"."conversation"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_label" ADD CONSTRAINT "judge_label_message_id_message_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."message"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_label" ADD CONSTRAINT "judge_label_generation_id_generation_id_fk" FOREIGN KEY ("generation_id") REFERENCES "public"."generation"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_label" ADD CONSTRAINT "judge_label_other_generation_id_generation_id_fk" FOREIGN KEY ("other_generation_id") REFERENCES "public"."generation"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_label" ADD CONSTRAINT "judge_label_feedback_id_feedback_id_fk" FOREIGN KEY ("feedback_id") REFERENCES "public"."feedback"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_label" ADD CONSTRAINT "judge_label_constitution_version_constitution_version_fk" FOREIGN KEY ("constitution_version") REFERENCES "public"."constitution"("version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_measurement" ADD CONSTRAINT "judge_measurement_judge_id_judge_id_fk" FOREIGN KEY ("judge_id") REFERENCES "public"."judge"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_measurement" ADD CONSTRAINT "judge_measurement_constitution_version_constitution_version_fk" FOREIGN KEY ("constitution_version") REFERENCES "public"."constitution"("version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "judge_label_once" ON "judge_label" USING btree ("judge_id","kind","generation_id",coalesce("other_generation_id", "generation_id"));--> statement-breakpoint
CREATE INDEX "judge_label_feedback" ON "judge_label" USING btree ("feedback_id");--> statement-breakpoint
CREATE INDEX "judge_label_conversation" ON "judge_label" USING btree ("conversation_id");--> statement-breakpoint
CREATE INDEX "judge_label_judge" ON "judge_label" USING btree ("judge_id","id");--> statement-breakpoint
CREATE INDEX "judge_measurement_judge" ON "judge_measurement" USING btree ("judge_id","id");