CREATE TABLE "constraint_hit" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"message_id" uuid,
	"generation_id" uuid,
	"attempt" integer,
	"rule_id" text NOT NULL,
	"rule_version" integer,
	"action" text,
	"start" integer NOT NULL,
	"end" integer NOT NULL,
	"false_at" timestamp with time zone,
	"false_by" text,
	"created_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "generation_attempt" (
	"generation_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"seed" bigint NOT NULL,
	"completion_ids" integer[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "generation_attempt_generation_id_attempt_pk" PRIMARY KEY("generation_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "rule_version" (
	"rule_id" text NOT NULL,
	"version" integer NOT NULL,
	"set_version" integer NOT NULL,
	"settings" jsonb NOT NULL,
	"is_removed" boolean DEFAULT false NOT NULL,
	"author_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rule_version_rule_id_version_pk" PRIMARY KEY("rule_id","version")
);
--> statement-breakpoint
ALTER TABLE "generation" ADD COLUMN "system_prompt" text;--> statement-breakpoint
ALTER TABLE "constraint_hit" ADD CONSTRAINT "constraint_hit_message_id_message_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."message"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "constraint_hit" ADD CONSTRAINT "constraint_hit_generation_id_generation_id_fk" FOREIGN KEY ("generation_id") REFERENCES "public"."generation"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "generation_attempt" ADD CONSTRAINT "generation_attempt_generation_id_generation_id_fk" FOREIGN KEY ("generation_id") REFERENCES "public"."generation"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "constraint_hit_message" ON "constraint_hit" USING btree ("message_id") WHERE "constraint_hit"."message_id" is not null;--> statement-breakpoint
CREATE INDEX "constraint_hit_generation" ON "constraint_hit" USING btree ("generation_id") WHERE "constraint_hit"."generation_id" is not null;--> statement-breakpoint
CREATE INDEX "constraint_hit_rule" ON "constraint_hit" USING btree ("rule_id","created_at");--> statement-breakpoint
CREATE INDEX "rule_version_set" ON "rule_version" USING btree ("set_version");--> statement-breakpoint
CREATE INDEX "generation_created" ON "generation" USING btree ("created_at");--> statement-breakpoint
INSERT INTO "rule_version" ("rule_id", "version", "set_version", "settings")
SELECT r ->> 'id', coalesce((r ->> 'version')::integer, 1), (s."value" ->> 'version')::integer,
  (r - 'id' - 'version') || CASE WHEN (r ->> 'cost')::numeric > 100 THEN '{"cost": 100}'::jsonb ELSE '{}'::jsonb END
FROM "setting" s, jsonb_array_elements(s."value" -> 'rules') r WHERE s."key" = 'constraints';--> statement-breakpoint
INSERT INTO "rule_version" ("rule_id", "version", "set_version", "settings", "is_removed")
SELECT 'profanity', 1, coalesce((SELECT ("value" ->> 'version')::integer FROM "setting" WHERE "key" = 'constraints'), 1),
  '{"kind": "profanity"}', EXISTS (SELECT FROM "setting" WHERE "key" = 'constraints')
WHERE NOT EXISTS (SELECT FROM "rule_version");--> statement-breakpoint
DELETE FROM "setting" WHERE "key" = 'constraints';--> statement-breakpoint
INSERT INTO "constraint_hit" ("generation_id", "rule_id", "rule_version", "action", "start", "end", "created_at")
SELECT g."id", h ->> 'ruleId', r."version", CASE WHEN r."version" IS NULL THEN NULL ELSE 'mask' END, (h ->> 'start')::integer, (h ->> 'end')::integer, g."created_at"
FROM "generation" g CROSS JOIN jsonb_array_elements(g."constraint_hits") h LEFT JOIN "rule_version" r ON r."rule_id" = h ->> 'ruleId' AND g."version_id" IS NOT NULL;--> statement-breakpoint
INSERT INTO "constraint_hit" ("message_id", "rule_id", "rule_version", "action", "start", "end", "created_at")
SELECT m."id", h ->> 'ruleId', r."version", CASE WHEN r."version" IS NULL THEN NULL ELSE 'flag' END, (h ->> 'start')::integer, (h ->> 'end')::integer, m."created_at"
FROM "message" m CROSS JOIN jsonb_array_elements(m."constraint_hits") h LEFT JOIN "rule_version" r ON r."rule_id" = h ->> 'ruleId' AND m."origin" IS NULL;
