-- What raters are asked about one answer until an admin publishes a newer version. The shares of scales and choices add up to 1.
INSERT INTO "questionnaire" ("name", "version", "questions") VALUES ('quality', 1, '[
  {"id": "correct", "text": {"en": "How correct is it? 1: mostly wrong, 5: all correct", "ja": "内容はどのくらい正確ですか（1：ほとんど誤り、5：すべて正確）"}, "kind": "scale", "weight": 0.35, "steps": 5},
  {"id": "follows", "text": {"en": "How well does it do what was asked? 1: not at all, 5: completely", "ja": "頼んだことにどのくらい応えていますか（1：まったく応えていない、5：完全に応えている）"}, "kind": "scale", "weight": 0.3, "steps": 5},
  {"id": "clear", "text": {"en": "How easy is it to follow? 1: very hard, 5: very easy", "ja": "どのくらいわかりやすいですか（1：とてもわかりにくい、5：とてもわかりやすい）"}, "kind": "scale", "weight": 0.2, "steps": 5},
  {"id": "length", "text": {"en": "How is its length?", "ja": "長さはどうですか"}, "kind": "choice", "weight": 0.15, "options": [{"id": "too_short", "text": {"en": "Too short", "ja": "短すぎる"}, "quality": 0.3}, {"id": "right", "text": {"en": "Right", "ja": "ちょうどよい"}, "quality": 1}, {"id": "too_long", "text": {"en": "Too long", "ja": "長すぎる"}, "quality": 0.5}]},
  {"id": "unsafe", "text": {"en": "It could do harm", "ja": "害を及ぼすおそれがある"}, "kind": "flaw", "weight": 0.7}
]'::jsonb)
ON CONFLICT DO NOTHING;
