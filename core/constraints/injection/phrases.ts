// How people try to take over a model, as patterns: letters are lower case, and marks such as "!" may have become letters.

const anyOf = (words: string) => `(?:${words.trim().replace(/\s*\|\s*/g, '|')})`;

/** One or more blanks, or a mark that writers put between words. */
const GAP = '(?:[ ,.:;\'’"*_-]+)';
const FILLER = `(?:[a-z’'-]+${GAP}){0,4}`;

const LEAVE = anyOf(
  `ignor(?:e|ing) | disregard(?:ing)? | forget(?:ting)? | overrid(?:e|ing) | overrule | bypass(?:ing)? | neglect | discard |
   do not follow | don.?t follow | stop following | stop obeying | pay no attention to | do not obey | don.?t obey |
   do not comply with | delete | erase | unlearn`,
);
const EARLIER = anyOf(
  'previous | prior | preceding | above | earlier | foregoing | former | system | initial | original | your | safety | content | developer | all | any | every',
);
const INSTRUCTIONS = anyOf(
  `instructions? | prompts? | rules? | guidelines? | directions? | directives? | commands? | constraints? | restrictions? |
   programming | training | policies | policy | filters? | guardrails? | safeguards? | limitations?`,
);
const HIDDEN = anyOf('system | initial | original | hidden | secret | confidential | internal | preset');
const TELL = anyOf(
  `reveal | show | print | repeat | output | display | tell | give | write | leak | dump | disclose | share | expose | copy |
   recite | summari[sz]e | translate`,
);
const ASK = 'what(?:.?s| is| are| was| were)';
const FREE = anyOf(
  'unrestricted | unfiltered | uncensored | jailbroken | amoral | unethical | evil | unlimited | unhinged | dan',
);
const NO_LIMITS = `(?:no|without|free (?:of|from)|not bound by)${GAP}${FILLER}${anyOf('restrictions? | rules? | limits? | limitations? | filters? | guidelines? | censorship | morals? | ethics')}`;

const JAPANESE_INSTRUCTIONS = anyOf('指示 | 命令 | プロンプト | ルール | 規則 | 制約 | 設定 | ガイドライン | 指令');

export const INJECTION_PHRASES: readonly (readonly string[])[] = [
  [
    `${LEAVE}${GAP}${FILLER}${EARLIER}${GAP}${FILLER}${INSTRUCTIONS}`,
    `${LEAVE}${GAP}(?:everything|anything|all|what|whatever)${GAP}${FILLER}(?:above|before|previously|(?:you (?:were|have been|ve been)|i|we|they)${GAP}(?:told|said|instructed|programmed|given|taught|trained))`,
  ],
  [
    `you${GAP}(?:are|re|will be|act)${GAP}(?:now|from now on)${GAP}${FILLER}${FREE}\\b`,
    `(?:act|pretend|behave|respond|answer|roleplay|role-play|speak)${GAP}(?:as|like|to be|being)${GAP}${FILLER}${FREE}\\b`,
    `(?:you|ai|assistant|model|chatbot)${GAP}(?:have|has|had|are|is|with|who has|that has)${GAP}${NO_LIMITS}`,
    `(?:enter|enable|activate|switch to|turn on|go into|start)${GAP}${FILLER}(?:developer|debug|god|admin|sudo|root|dan|jailbreak)${GAP}mode`,
    `(?:developer|debug|god|sudo|dan|jailbreak)${GAP}mode${GAP}(?:is${GAP})?(?:now${GAP})?(?:enabled|activated|active|on\\b)`,
    `do${GAP}anything${GAP}now`,
    `(?:new|updated|real|actual)${GAP}(?:system${GAP})?instructions?${GAP}?(?:follow|begin|are|:)`,
    `system${GAP}(?:prompt${GAP})?override`,
    `end${GAP}of${GAP}(?:the${GAP})?(?:system${GAP})?(?:prompt|instructions)`,
  ],
  [
    `(?:${TELL}${GAP}${FILLER}(?:${HIDDEN}${GAP}(?:[a-z]{1,10}${GAP})?|your${GAP})|${ASK}${GAP}(?:your|the)${GAP}(?:${HIDDEN}${GAP})?)(?:prompt|instructions?|directives?|system message|guidelines)`,
    `(?:repeat|print|output|copy|recite)${GAP}${FILLER}(?:everything|words|text|all|content|contents|messages?)${GAP}(?:that${GAP}(?:is|are|was|were|came)${GAP})?(?:above|before (?:this|me))`,
  ],
  [
    `(?:これまで|今まで|以前|上記|ここまで|前|先ほど|さっき|最初|元|すべて|全て|全部|あなた|システム|開発者|既存).{0,12}${JAPANESE_INSTRUCTIONS}.{0,6}(?:無視|忘れ|破棄|従わな|従う必要は|リセット|上書き|取り消|解除)`,
    `${JAPANESE_INSTRUCTIONS}(?:を|は)?(?:すべて|全て|全部)(?:無視|忘れ|破棄|リセット|解除)`,
    '(?:システム|初期|隠し|内部|元の|あなたの|最初の)(?:の)?(?:プロンプト|指示|命令|設定|メッセージ)(?:の)?(?:内容|全文|文章)?(?:を|は)?.{0,10}(?:教え|見せ|表示|出力|開示|公開|書き出|示し|コピー|繰り返)',
    '(?:開発者|デベロッパー|デバッグ|管理者|脱獄|ジェイルブレイク|dan)(?: )?モード',
    '(?:制限|規制|検閲|倫理|フィルター)(?:の|が|に|を)?(?:一切)?(?:ない|なし|なく|縛られない|無視する|解除された)(?:の)?(?: )?(?:ai|人工知能|アシスタント|モデル|モード|状態)',
  ],
];

/** Marks of chat templates, which only the product itself may write. */
export const ROLE_MARKERS = [
  '<\\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|eot_id|eom_id|start_header_id|end_header_id|begin_of_text|end_of_text|end|return|channel|message|start)\\|>',
  '\\[/?INST\\]|<</?SYS>>|\\[/?SYSTEM_PROMPT\\]|\\[/?AVAILABLE_TOOLS\\]',
  '<(?:start|end)_of_turn>|<｜(?:User|Assistant|begin▁of▁sentence|end▁of▁sentence)｜>|<\\|(?:User|Assistant|begin▁of▁sentence|end▁of▁sentence)\\|>',
  '#{2,4} ?(?:system|instruction|assistant|response)s? ?:',
].join('|');
