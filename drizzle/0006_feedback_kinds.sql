CREATE TABLE "prompt_set" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "feedback_history" (
	"id" serial PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"kind" text NOT NULL,
	"generation_id" uuid,
	"comparison_id" uuid,
	"message_id" uuid,
	"value" jsonb,
	"comment" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "guideline" (
	"version" serial PRIMARY KEY NOT NULL,
	"text" jsonb NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "questionnaire" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"questions" jsonb NOT NULL,
	"is_for_chat" boolean DEFAULT false NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"retired_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "rater_standing" (
	"user_id" text PRIMARY KEY NOT NULL,
	"standing" text NOT NULL,
	"reason" text NOT NULL,
	"set_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rating_assignment" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"task_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"status" text DEFAULT 'locked' NOT NULL,
	"locked_until" timestamp with time zone NOT NULL,
	"shown" uuid[] DEFAULT '{}' NOT NULL,
	"is_repeat" boolean DEFAULT false NOT NULL,
	"guideline_version" integer,
	"value" jsonb,
	"skip_reason" text,
	"milliseconds" integer,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "rating_task" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"kind" text NOT NULL,
	"message_id" uuid NOT NULL,
	"generation_ids" uuid[] DEFAULT '{}' NOT NULL,
	"questionnaire_id" uuid,
	"prompt_set_id" uuid,
	"needed" integer DEFAULT 1 NOT NULL,
	"truth" jsonb,
	"priority" real DEFAULT 0 NOT NULL,
	"closed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "feedback" DROP CONSTRAINT "feedback_shape";--> statement-breakpoint
ALTER TABLE "generation" ALTER COLUMN "version_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "conversation" ADD COLUMN "prompt_set_id" uuid;--> statement-breakpoint
ALTER TABLE "feedback" ADD COLUMN "message_id" uuid;--> statement-breakpoint
ALTER TABLE "feedback" ADD COLUMN "value" jsonb;--> statement-breakpoint
UPDATE "feedback" SET "value" = CASE "kind"
	WHEN 'thumb' THEN jsonb_build_object('up', "thumb" = 1, 'reasons', to_jsonb("reasons"))
	ELSE jsonb_build_object('choice', "choice") END;--> statement-breakpoint
ALTER TABLE "feedback" ALTER COLUMN "value" SET NOT NULL;--> statement-breakpoint
INSERT INTO "feedback_history" ("user_id", "kind", "generation_id", "comparison_id", "value", "comment", "created_at")
SELECT "user_id", "kind", "generation_id", "comparison_id", "value", "comment", "updated_at" FROM "feedback";--> statement-breakpoint
ALTER TABLE "feedback" ADD COLUMN "source" text DEFAULT 'chat' NOT NULL;--> statement-breakpoint
ALTER TABLE "feedback" ADD COLUMN "assignment_id" uuid;--> statement-breakpoint
ALTER TABLE "feedback" ADD COLUMN "excluded_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "feedback" ADD COLUMN "excluded_by" text;--> statement-breakpoint
ALTER TABLE "feedback" ADD COLUMN "excluded_reason" text;--> statement-breakpoint
ALTER TABLE "feedback_history" ADD CONSTRAINT "feedback_history_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "feedback_history" ADD CONSTRAINT "feedback_history_generation_id_generation_id_fk" FOREIGN KEY ("generation_id") REFERENCES "public"."generation"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "feedback_history" ADD CONSTRAINT "feedback_history_comparison_id_comparison_id_fk" FOREIGN KEY ("comparison_id") REFERENCES "public"."comparison"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "feedback_history" ADD CONSTRAINT "feedback_history_message_id_message_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."message"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rater_standing" ADD CONSTRAINT "rater_standing_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rating_assignment" ADD CONSTRAINT "rating_assignment_task_id_rating_task_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."rating_task"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rating_assignment" ADD CONSTRAINT "rating_assignment_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rating_assignment" ADD CONSTRAINT "rating_assignment_guideline_version_guideline_version_fk" FOREIGN KEY ("guideline_version") REFERENCES "public"."guideline"("version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rating_task" ADD CONSTRAINT "rating_task_message_id_message_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."message"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rating_task" ADD CONSTRAINT "rating_task_questionnaire_id_questionnaire_id_fk" FOREIGN KEY ("questionnaire_id") REFERENCES "public"."questionnaire"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rating_task" ADD CONSTRAINT "rating_task_prompt_set_id_prompt_set_id_fk" FOREIGN KEY ("prompt_set_id") REFERENCES "public"."prompt_set"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "feedback_history_user" ON "feedback_history" USING btree ("user_id","created_at");--> statement-breakpoint
CREATE INDEX "feedback_history_generation" ON "feedback_history" USING btree ("generation_id");--> statement-breakpoint
CREATE INDEX "feedback_history_comparison" ON "feedback_history" USING btree ("comparison_id");--> statement-breakpoint
CREATE INDEX "feedback_history_message" ON "feedback_history" USING btree ("message_id");--> statement-breakpoint
CREATE UNIQUE INDEX "questionnaire_version" ON "questionnaire" USING btree ("name","version");--> statement-breakpoint
CREATE UNIQUE INDEX "rating_assignment_once" ON "rating_assignment" USING btree ("task_id","user_id","is_repeat");--> statement-breakpoint
CREATE INDEX "rating_assignment_user" ON "rating_assignment" USING btree ("user_id","created_at");--> statement-breakpoint
CREATE INDEX "rating_task_open" ON "rating_task" USING btree ("closed_at","priority");--> statement-breakpoint
CREATE INDEX "rating_task_message" ON "rating_task" USING btree ("message_id");--> statement-breakpoint
ALTER TABLE "conversation" ADD CONSTRAINT "conversation_prompt_set_id_prompt_set_id_fk" FOREIGN KEY ("prompt_set_id") REFERENCES "public"."prompt_set"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "feedback" ADD CONSTRAINT "feedback_message_id_message_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."message"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "feedback" ADD CONSTRAINT "feedback_assignment_id_rating_assignment_id_fk" FOREIGN KEY ("assignment_id") REFERENCES "public"."rating_assignment"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "feedback_one_per_message" ON "feedback" USING btree ("user_id","message_id","kind");--> statement-breakpoint
CREATE INDEX "feedback_generation" ON "feedback" USING btree ("generation_id");--> statement-breakpoint
CREATE INDEX "feedback_comparison" ON "feedback" USING btree ("comparison_id");--> statement-breakpoint
CREATE INDEX "feedback_message" ON "feedback" USING btree ("message_id");--> statement-breakpoint
ALTER TABLE "feedback" ADD CONSTRAINT "feedback_subject" CHECK (num_nonnulls("feedback"."generation_id", "feedback"."comparison_id", "feedback"."message_id") = 1
       and ("feedback"."generation_id" is not null) = ("feedback"."kind" in ('thumb', 'rating', 'questionnaire', 'flaws', 'correction', 'implicit'))
       and ("feedback"."comparison_id" is not null) = ("feedback"."kind" in ('comparison')));--> statement-breakpoint
ALTER TABLE "feedback" DROP COLUMN "thumb";--> statement-breakpoint
ALTER TABLE "feedback" DROP COLUMN "choice";--> statement-breakpoint
ALTER TABLE "feedback" DROP COLUMN "reasons";