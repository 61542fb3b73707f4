CREATE TABLE "version_feedback" (
	"version_id" text NOT NULL,
	"feedback_id" uuid NOT NULL,
	CONSTRAINT "version_feedback_version_id_feedback_id_pk" PRIMARY KEY("version_id","feedback_id")
);
--> statement-breakpoint
ALTER TABLE "version_feedback" ADD CONSTRAINT "version_feedback_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."version"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "version_feedback" ADD CONSTRAINT "version_feedback_feedback_id_feedback_id_fk" FOREIGN KEY ("feedback_id") REFERENCES "public"."feedback"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "version_feedback_feedback" ON "version_feedback" USING btree ("feedback_id");