CREATE TABLE "version_tag" (
	"version_id" text NOT NULL,
	"tag" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "version_tag_version_id_tag_pk" PRIMARY KEY("version_id","tag")
);
--> statement-breakpoint
ALTER TABLE "version" ADD COLUMN "note" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "version" ADD COLUMN "retired_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "version" ADD COLUMN "retired_reason" text;--> statement-breakpoint
ALTER TABLE "version" ADD COLUMN "files_deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "training_run" ADD COLUMN "kind" text DEFAULT 'train' NOT NULL;--> statement-breakpoint
ALTER TABLE "training_run" ADD COLUMN "imported" jsonb;--> statement-breakpoint
ALTER TABLE "version_tag" ADD CONSTRAINT "version_tag_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."version"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "version_tag_tag" ON "version_tag" USING btree ("tag");--> statement-breakpoint
CREATE INDEX "version_created" ON "version" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "version_parent" ON "version" USING btree ("parent_id");--> statement-breakpoint
ALTER TABLE "version" ADD CONSTRAINT "version_retired" CHECK (("version"."retired_at" is null) = ("version"."retired_reason" is null));--> statement-breakpoint
ALTER TABLE "version" ADD CONSTRAINT "version_files" CHECK ("version"."files_deleted_at" is null or "version"."retired_at" is not null);--> statement-breakpoint
ALTER TABLE "training_run" ADD CONSTRAINT "training_run_imported" CHECK (("training_run"."kind" = 'judge') = ("training_run"."imported" is not null));