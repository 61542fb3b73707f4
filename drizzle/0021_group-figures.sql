CREATE TABLE "group_figures" (
	"key" text PRIMARY KEY NOT NULL,
	"cohort" jsonb NOT NULL,
	"figures" jsonb NOT NULL,
	"published_at" timestamp with time zone DEFAULT now() NOT NULL
);
