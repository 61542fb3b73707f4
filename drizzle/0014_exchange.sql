CREATE TABLE "imported_file" (
	"prompt_set_id" uuid NOT NULL,
	"sha256" text NOT NULL,
	"name" text NOT NULL,
	"lines_done" integer DEFAULT 0 NOT NULL,
	"finished_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "imported_file_prompt_set_id_sha256_pk" PRIMARY KEY("prompt_set_id","sha256")
);
--> statement-breakpoint
CREATE TABLE "imported_person" (
	"user_id" text PRIMARY KEY NOT NULL,
	"prompt_set_id" uuid NOT NULL
);
--> statement-breakpoint
ALTER TABLE "conversation" ADD COLUMN "origin" jsonb;--> statement-breakpoint
ALTER TABLE "message" ADD COLUMN "origin" jsonb;--> statement-breakpoint
ALTER TABLE "feedback" ADD COLUMN "origin" jsonb;--> statement-breakpoint
ALTER TABLE "imported_file" ADD CONSTRAINT "imported_file_prompt_set_id_prompt_set_id_fk" FOREIGN KEY ("prompt_set_id") REFERENCES "public"."prompt_set"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imported_person" ADD CONSTRAINT "imported_person_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imported_person" ADD CONSTRAINT "imported_person_prompt_set_id_prompt_set_id_fk" FOREIGN KEY ("prompt_set_id") REFERENCES "public"."prompt_set"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "imported_person_set" ON "imported_person" USING btree ("prompt_set_id");--> statement-breakpoint
UPDATE "audit" SET "detail" = "detail" - 'name' WHERE "action" IN ('api_key.create', 'api_key.revoke');