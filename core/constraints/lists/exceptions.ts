// Words of the lists in other languages than English that are not masked in ordinary talk, by language.

import type { Language } from './languages';
import { listOf } from './list';

export interface Exceptions {
  /** Ordinary words and names, masked at no level. */
  ordinary: readonly string[];
  /** Clinical, sexual and mild words, masked at the strict level. */
  strict: readonly string[];
}

export const EXCEPTIONS: Record<Exclude<Language, 'en'>, Exceptions> = {
  ja: {
    ordinary:
      listOf(`3p, s ＆ m, sm, sm女王, xx, g スポット, いたずら, エスコート, カント, グロ, しばり, スウィンガー, スラット, スリット, ディック,
      なめ, バック・スタイル, ファンタジー, フィスト, フック, プレイボーイ, ラティーナ, ラバー, ローター, 嫌い, 支配, 自己愛性, 女の子,
      女王様, 女子高生, 女装, 人妻, 人種, 縛り, 噴出, 毛深い, 誘惑, 両性, 両刀, 卍, 宦官, 覗き, 平手打ち, 拷問, 殺し方, 殺人事件, 殺人方法, 奴隷,
      アジアのかわいい女の子, ハードコア, トップレス, エロティック, セクシーな, ランジェリー, ロリータ, コカイン, 挿入, 脱衣, 裸, デブ, ぽっちゃり,
      ゴックン, おしり, オシリ, お尻, おもらし, エクスタシー, 革抑制, 貞操帯, 合意の性交, スカートの中, ネオ・ナチ, カーマスートラ, プリンス アルバート ピアス,
      足を広げる, セクシーな 10 代, ストリップ劇場, ビッチ`),
    strict:
      listOf(`アナル, エッチ, エロティズム, オーガズム, オカマ, おしっこ, おしりのあな, おっぱい, オッパイ, オナニー, クリトリス, グループ・セックス,
      クンニリングス, ゲイ・セックス, ゲイボーイ, サディズム, セックス, ソドミー, デートレイプ, テレフォンセックス, ヌード, バイブレーター, パンティー,
      フェティッシュ, ペニス, ボーイズラブ, ホモ, ポルノ, ポルノグラフィー, ボンテージ, マスターベーション, やおい, レイプ, レズビアン, 陰毛, 騎上位,
      巨乳, 強姦犯, 緊縛, 近親相姦, 児童性虐待, 射精, 獣姦, 新しいポルノ, 性交, 正常位, 生殖器, 精液, 足フェチ, 大陰唇, 直腸, 剃毛, 乳首,
      売春婦, 糞, 糞便, 糞尿愛好症, 変態, 勃起する, 夢精, 幼児性愛者, 裸の女性, 両性具有, 輪姦, 肛門, 膣, 淫乱, ストラップオン, ディルド, 乱交,
      後背位, ぶっかけ,  アナリングス, フェラチオ, ソドミー, ふたなり, 尿道プレイ, ドッグスタイル, ディープ・スロート, ボールギャグ, ベアバック`),
  },
  de: {
    ordinary: listOf(
      'bimbo, bonze, dödel, fratze, ische, kimme, lümmel, möpse, mufti, nackt, popel, poppen, reudig, rosette, schabracke, pimpern, schnackeln, schiesser, wichse',
    ),
    strict: listOf('nippel, onanieren, orgasmus, penis, pinkeln, porno, vögeln, kacke, kacken'),
  },
  fr: {
    ordinary:
      listOf(`baiser, bander, bite, bitte, bourré, bourrée, brouter le cresson, chatte, con, conne, folle, gerbe, gerber, gueule, grande folle, jouir,
      meuf, negro, nègre, pédale, péter, pipi, ramoner, suce, tanche, tapette, trique, troncher, tringler, bigornette, bloblos, ménage à trois, MALPT`),
    strict: listOf('caca, clito, clitoris, pisser, étron, cul, bordel'),
  },
  es: {
    ordinary:
      listOf(`Asesinato, asno, Bollera, Chupada, Chupetón, concha, Drogas, Fiesta de salchichas, Haciendo el amor, Heroína, Idiota, Imbécil, infierno,
      Maciza, maldito, Marica, martillo, Mamada, Nazi, Pedo, Pinche, Racista, Ramera, Tía buena, Trio, Verga, bastardo, Pis`),
    strict: listOf(
      'Caca, Culo, Coprofagía, Esperma, Orina, Pervertido, Pezón, Prostituta, Sádico, Semen, Sexo, Sexo oral, Travesti, Vulva',
    ),
  },
  it: {
    ordinary:
      listOf(`balle, bagnarsi, battere, biga, cadavere, casci, cesso, checca, cozza, fava, femminuccia, fica, finocchio, goldone, mona, monta, montare, mussa,
      nave scuola, padulo, palle, pesce, pippa, pisello, pistolotto, pomiciare, pompa, porca, porco, quaglia, recchione, regina, ruffiano, sbattere,
      sbattersi, sega, spagnola, sveltina, tirare, topa, vacca, vangare, zio cantante, imbecille, boiata, brinca, ingoio, picio, potta, cornuto, figone,
      guardone, lecchino, loffa, rizzarsi, rompiballe, sbrodolata, trombare, scopare, scopata, belino, mannaggia, troia, terrone, soccia`),
    strict: listOf('anale, cacca, pipì, pisciare, piscio, tette, zinne, culo'),
  },
  pt: {
    ordinary:
      listOf(`amador, aranha, ariano, balalao, boob, bicha, bumbum, burro, camisinha, cerveja, comer, cona, consolo, corno, cu, dum raio, fecal, frango assado,
      grelho, heroína, homem gay, inferno, lolita, mama, passar um cheque, pau, pinto, saco, torneira, veado, bissexual, heterosexual, homosexual,
      lésbica, homoerótico, bastardo, foder-te, chupar, xana`),
    strict: listOf('aborto, ânus, clitoris, cocaína, coito, peidar, pênis, transar, vibrador, gozar'),
  },
  nl: {
    ordinary:
      listOf(`aardappels afgieten, achter het raam zitten, afberen, afrossen, aftrekken, afwerkplaats, anita, asbak, balen, bedonderen, befborstel, bekken, belazeren,
      beurt, boemelen, brugpieper, buffelen, da's kloten van de bok, de ballen, de hond uitlaten, de koffer induiken, de pijp uitgaan, del, draaikont,
      driehoog achter wonen, een beurt geven, een nummertje maken, een wip maken, eikel, engerd, gat, gedoogzone, gras maaien, greppeldel, griet, hol,
      hufter, huisdealer, johny, kanen, kettingzeug, knor, kont, lummel, matje, mof, muts, naaien, nicht, opzouten, paal, palen, penoze, pijpen, pik, poep,
      poot, pot, raaskallen, reet, rukken, schatje, slempen, spuiten, standje, stootje, sufferd, toeter, vergallen, watje, welzijnsmafia, wijf, wippen,
      wuftje, zaadje, zakkenwasser, zuigen, zuiplap, aso, drol, afrukken, opgeilen, naakt, flikken, liefdesgrot, krentekakker, lul, teef, bagger schijten`),
    strict: listOf('poepen, piesen, klaarkomen, naakt, vingeren'),
  },
  ko: {
    ordinary: listOf(
      '고자, 근친, 노모, 로리타, 망가, 몰카, 미친, 보지, 애자, 야사, 에로, 유모, 육갑, 자지, 하드코어, 호로, 염병, 스와핑',
    ),
    strict: listOf('강간, 거유, 변태, 섹스, 자위, 포르노, 창녀, 불알'),
  },
  zh: {
    ordinary:
      listOf(`13., 13点, 九游, 乳, 交配, 你全家, 你娘, 你妈, 他妈, 他娘, 他奶奶, 你是鸡, 你是鸭, 几八, 刚度, 包皮, 卵, 卵子, 十三点, 双峰微颤, 口肯, 后庭, 吹箫, 大卵子,
      处女, 外阴, 奶, 奶子, 奸, 妈妈的, 娘的, 妈的, 妓, 姦, 密洞, 小乳头, 小卵子, 小卵泡, 屁股, 干你, 干七八, 幹, 性, 成人, 懒八, 懒教, 招妓, 插你, 撒尿, 射你, 日你,
      月经, 机机歪歪, 激情, 爛, 玉杵, 白烂, 白痴, 白癡, 祖宗, 私服, 笨蛋, 精子, 老二, 老味, 老母, 肥西, 花柳, 賤, 逼, 野鸡, 靠背, 靠腰, 鳩, 撚, 柒, 尻, 笨實, 粉腸, 你老闆,
      你老味, 鸡鸡, 小鸡鸡, 瓜娃子, 迷药, 干死客服, 扒光, 操你, 淫, 大卵泡, 肉棒, 小肉粒, 肉壁, 想上你, 它妈的`),
    strict:
      listOf(`三级片, 乳交, 乳头, 乳房, 做爱, 军妓, 卖淫, 口交, 叫床, 妓女, 妓院, 嫖娼, 嫖客, 射精, 巨乳, 强奸, 性交, 性器, 性无能, 性爱, 情色, 放荡, 淫秽, 肛交, 色情, 轮奸, 阳具,
      阳萎, 阴唇, 阴户, 阴核, 阴毛, 阴茎, 阴道, 阴部, 龟头, 陰莖, 打飞机, 姘头, 屁眼, 吃屎`),
  },
  pl: {
    ordinary: listOf('jajko, jajco, dmuchać, do kurwy nędzy, lizać pałę, suka, syf, srać, robic loda, cyc, debil'),
    strict: listOf('pierdzieć, rzygać, burdel, duperele, sraczka'),
  },
  ru: {
    ordinary:
      listOf(`bychara, byk, gol, padlo, pedik, perdet, petuh, gnoinyj, uboy, vafl'a, zassat, prissat, styervo, svoloch, shalava, po'imat' na konchik,
      s'ebat'sya, голый, другой, дразнится, обнаженный, фига, на фиг, хапать, бугор, офигеть, играть на кожаной флейте,
      каждый дрочит как он хочет, какая разница, курите мою трубку, лысого в кулаке гонять, можно один, ты мне ваньку не валяй, хрен, хохол,
      встать раком, мент, половое сношение, гандон`),
    strict: listOf('секс, сиськи, дерьмо, говно, говнюк, жопа, жополиз, ссать, срать, посрать, спиздить'),
  },
  sv: {
    ordinary: listOf(
      'brutta, fan, moona, moonade, moonar, moonat, mutta, olla, pippa, pitt, prutt, pök, stake, subba, sås, tusan, sätta på, skägg, skäggbiff, kötthuvud, röv',
    ),
    strict: listOf('helvete, dra åt helvete, för helvete, helvete hård, jävlar, satan, skita, skit ner dig, knulla'),
  },
  th: {
    ordinary: listOf('กะปิ, กู, มึง, ขี้, จิ๋ม, หลั่ง, ห่า, เสือก, ตูด, ตอแหล, ล้างตู้เย็น, อมนกเขา, น้ําแตก, สัด'),
    strict: listOf('กระเด้า, จู๋, เจี๊ยว'),
  },
};
