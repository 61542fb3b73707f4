ALTER TABLE "user" ADD COLUMN "allow_signals" boolean DEFAULT false NOT NULL;--> statement-breakpoint
-- The flaws that the chat offers until an admin publishes a newer version.
INSERT INTO "questionnaire" ("name", "version", "is_for_chat", "questions") VALUES ('chat', 1, true, '[
  {"id": "incorrect", "kind": "flaw", "weight": 0.5, "text": {"en": "Not correct", "ja": "間違っている"}},
  {"id": "unhelpful", "kind": "flaw", "weight": 0.4, "text": {"en": "Not helpful", "ja": "役に立たない"}},
  {"id": "ignored", "kind": "flaw", "weight": 0.4, "text": {"en": "Ignored what I asked", "ja": "質問や指示に沿っていない"}},
  {"id": "too_long", "kind": "flaw", "weight": 0.15, "text": {"en": "Too long", "ja": "長すぎる"}},
  {"id": "too_short", "kind": "flaw", "weight": 0.15, "text": {"en": "Too short", "ja": "短すぎる"}},
  {"id": "unsafe", "kind": "flaw", "weight": 0.8, "text": {"en": "Harmful or offensive", "ja": "有害または不快"}}
]'::jsonb);
