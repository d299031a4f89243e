"""The words around one-time codes, by what they say about a number near them, in some two dozen languages.

Words are compared casefolded; `\\w*` takes up compounds (Sicherheitscode, verificatiecode) and endings (kodunuz).
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache


class Role(IntEnum):
    """What a word says about the number next to it."""

    NONE = 0
    NUMBER = 1  # itself a number: a label before it is that number's label
    CODE = 2  # "code", "PIN": the number is what we look for
    PASSWORD = 3  # the same, but weaker
    PURPOSE = 4  # "verification", "login": what a one-time code is for
    ENTER = 5  # "enter", "use"
    LABEL = 6  # "order", "phone": it is another number
    SPOILER = 7  # "discount", "postal": the code is no one-time code


_SPOILERS = r"""
    promo\w* discount\w* coupon\w* voucher\w* gift\w* postal zip zipcode\w* postcode\w* area country dress error\w*
    status exit source qr qrcode\w* bar barcode\w* product centre center store shop branch agence agencia товара
    магазина артикул\w* артикулу butik\w* artikel\w* kunden\w* filial\w* usages referral\w* booking\w*
    reservation\w* swift sort\w* claim rebate\w* iata icd hs unicode encode decode vscode opcode checkout http
    response conduct ethics tax review dial color colour morse activity reward\w* exception gutschein\w* rabatt\w*
    aktions\w* fehler\w* buchung\w* strich\w* empfehlungs\w* vorteils\w* produkt\w* réduction\w* remise cadeau
    parrainage barres descuento\w* promocional\w* cup[oó]n\w* regalo sconto promozional\w* fiscale desconto\w* cupom
    postcodes korting\w* cadeau\w* boeking\w* actiecode rabatow\w* pocztow\w* zniżk\w* kuponu промокод\w* скидк\w*
    скидоч\w* купон\w* почтов\w* штрих\w* знижк\w* поштов\w* indirim\w* kupon\w* posta hata erreur réservation
    reserva prenotazione reservering rezerwac\w* бронирован\w* бронюван\w* rezervasyon\w* postnummer bokning\w*
    felkod\w* kampanj\w* presentkod\w* statuskod\w* foutcode\w* błęd\w* ошибк\w* помилк\w* خصم الخصم قسيمة كوبون
    البريدي הנחה ההנחה קופון הקופון מיקוד שגיאה slevov\w* alennus\w* kuponkód\w*
"""
_LABELS = r"""
    order\w* invoice\w* receipt\w* ref reference\w* ticket\w* case account customer\w* client tracking\w*
    shipment\w* parcel\w* phone\w* tel telephone fax mobile call dial version release build amount total price sum
    balance ending ends year since request pull section copyright isbn iban vat room flight po sku article item
    model serial port issue bug rfc page member\w* membership policy contract company registration suite street box
    ip id transaction\w* payment\w* card licen[cs]e\w* text bestell\w* auftrag\w* rechnung\w* kunden\w* vorgang\w*
    sendung\w* telefon\w* plz postleitzahl gesamt\w* summe betrag konto\w* artikel\w* beleg\w* vertrag\w*
    aktenzeichen hotline kassenzeichen ust hrb commande facture colis suivi dossier téléphone tél montant référence
    postal siret rcs pedido\w* factura\w* envío seguimiento cliente tel[eé]fono importe referencia ordine fattura
    spedizione importo riferimento pratica tracciamento encomenda\w* fatura\w* rastreio rastreamento telefone valor
    montante bestelling\w* bestelnummer factuur\w* klant\w* zending\w* telefoon\w* bedrag kvk zamówieni\w* faktur\w*
    przesyłk\w* klienta kwot\w* nip regon numerze заказ\w* сч[её]т\w* накладн\w* телефон\w* посылк\w* сумм\w*
    отправлени\w* договор\w* трек инн индекс\w* замовлен\w* рахун\w* посилк\w* сума індекс\w* sipariş\w* kargo takip
    tutar\w* müşteri beställning\w* belopp kundnummer ärende\w* kolli\w* försändelse\w* orgnr طلب الطلب طلبك فاتورة
    الفاتورة هاتف الهاتف شحنة الشحنة حساب الحساب הזמנה ההזמנה הזמנתך חשבונית החשבונית טלפון משלוח מעקב objednávk\w*
    tilaus\w* ordre\w* rendelés\w* comanda comenzii
"""
_CODES = r"""
    \w*codes? \w*c[oó]digos? codice codici codi cod codul codului \w*kod \w*kode[nr]?
    \w*kod(?:u|y|em|ie|zie|lar\w*|u?n\w*|umuz\w*) \w*koodi\w* \w*k[oó]d(?:ot|ja|om|u|em|y|ów)?
    \w*код(?:а|ом|у|е|ы|и|ів)? κωδικ\w+ mã pin pins \w*pin(?:code|kod|s)? pinco\w* otp totp \w*tan passcodes?
    einmal(?:passwort|kennwort|pin|code) \w*token רמז قוד קוד הקוד קודך בקוד לקוד رمز الرمز رمزك برمز كود الكود कोड
    ओटीपी пин пін jednorazówk\w* engångslösenord\w*
"""
_PASSWORDS = r"""
    clave claves password passwort kennwort passe contraseña contrasena senha wachtwoord hasło пароль пароля
    şifre\w* parola lösenord סיסמה סיסמא הסיסמה כלمة كلمة
"""
_PURPOSES = r"""
    verif\w* confirm\w* conferm\w* authenti\w* authori[sz]\w* secur\w* login\w* logon signin signing access\w* 2fa
    mfa otp factor temporary activ\w* onetime once time device bestätig\w* verifizier\w* sicherheit\w* einmal\w*
    anmeld\w* zugang\w* freischalt\w* aktivier\w* einlog\w* vérif\w* sécur\w* connexion\w* connecter unique usage
    accès valid\w* seguridad uso acceso sicurezza accesso segurança acesso inici\w* identi\w* temporane\w* temporal
    temporári\w* autentic\w* \w*verificatie\w* inlog\w* aanmeld\w* beveilig\w* eenmalig\w* bevestig\w* weryfik\w*
    bezpiecz\w* jednorazow\w* logowani\w* potwierd\w* autoryz\w* подтверд\w* провер\w* безопас\w* одноразов\w*
    вход\w* авториз\w* підтверд\w* перевір\w* безпек\w* вхід\w* doğrula\w* güvenlik\w* giriş\w* onay\w* kullanımlık
    verifier\w* \w*engångs\w* engangs\w* säkerhet\w* inlogg\w* bekräft\w* bekræft\w* bekreft\w* ověř\w* přihl\w*
    kertakäyttö\w* vahvist\w* التحقق تحقق تأكيد التأكيد الأمان الدخول المرور المصادقة التفعيل אימות האימות אבטחה
    האבטחה כניסה הכניסה התחברות חד אישור anzumelden einzuloggen acced\w* entrar acessar loggen zalogow\w* logga
"""
_ENTERS = r"""
    enter use type input copy gib geben nutze verwende saisissez entrez utilisez introdu\w* ingres\w* usa utiliza
    inserisci insira digite voer gebruik wpisz podaj użyj введите укажите используйте введіть вкажіть girin kullanın
    أدخل استخدم הזן הזינו הקלד ange skriv použijte zadejte syötä
"""
# Said in several words, which mean more together: a password for one time is a code.
_SIGN_IN = "(?:sign|log)[ -](?:in|on)"
_ONCE = "|".join(
    (
        "one[ -]?time[ -]pass ?(?:word|code)",
        "(?:mot de passe|code) à usage unique",
        "(?:contraseña|contrasena|clave) de (?:un solo uso|uso único)",
        "password (?:monouso|usa e getta)",
        "senha (?:de uso único|descartável)",
        "eenmalige? wachtwoord",
        "hasło jednorazowe|jednorazowe hasło",
        r"одноразов\w+ парол\w+",
        "tek kullanımlık (?:şifre|parola)n?i?z?",
    )
)
_TOGETHER = re.compile(rf"\b(?:(?P<once>{_ONCE})|{_SIGN_IN})\b")
# Scripts without spaces: such a phrase is looked for within a run of characters, the longest first.
_RUNS = {
    Role.SPOILER: (
        "商品コード 店舗コード 商品 店舗 상품 매장 クーポン 割引 プロモーション 優惠 优惠 折扣 邮政 쿠폰 할인 "
        "추천 프로모션 QRコード エラー 错误 오류 二维码 ส่วนลด 予約"
    ),
    Role.LABEL: (
        "注文 ご注文 請求 電話 問い合わせ 追跡 郵便 会員 伝票 受付 品番 お客様番号 合計 口座 订单 訂單 发票 "
        "發票 快递 运单 运单号 电话 電話 手机 邮编 金额 金額 单号 單號 客户 客服 热线 合计 尾号 账号 帐号 주문 "
        "송장 운송장 전화 우편 금액 고객 합계 문의 계좌 사업자 คำสั่งซื้อ"
    ),
    Role.CODE: (
        "验证码 驗證碼 校验码 动态码 动态密码 动态口令 口令 确认码 確認碼 安全码 安全碼 登录码 登入碼 激活码 "
        "授权码 認證碼 认证码 一次性密码 一次性密碼 認証コード 確認コード ワンタイムパスワード ワンタイムコード "
        "認証番号 確認番号 検証コード セキュリティコード ログインコード パスコード 暗証番号 コード 인증번호 "
        "인증코드 확인코드 확인번호 번호를 보안코드 코드 일회용 비밀번호 รหัส"
    ),
    Role.PASSWORD: ("密码 密碼 パスワード"),
    Role.PURPOSE: ("验证 驗證 登录 登入 確認 認証 ログイン 인증 확인 로그인 보안 安全 ยืนยัน"),
    Role.ENTER: ("输入 輸入 入力 입력 使用"),
}


def _any_of(words: str | Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(words.split() if isinstance(words, str) else words))


_WHOLE = (
    (Role.NUMBER, re.compile(r"(?:\D*\d){3}.*")),
    (Role.SPOILER, _any_of(_SPOILERS)),
    (Role.LABEL, _any_of(_LABELS)),
    (Role.CODE, _any_of(_CODES)),
    (Role.PASSWORD, _any_of(_PASSWORDS)),
    (Role.ENTER, _any_of(_ENTERS)),
    (Role.PURPOSE, _any_of(_PURPOSES)),
)
_RUN_ROLES = {phrase: role for role, phrases in reversed(_RUNS.items()) for phrase in phrases.casefold().split()}
_RUN = _any_of(sorted(_RUN_ROLES, key=len, reverse=True))
_ASCII_STEMS = ("cod", "kod", "kood", "pin", "otp", "pass", "tan", "token", "kennwort", "parola", "senha", "wachtwoord")
_LETTERED_STEMS = """
    cód kód kennwort contraseña contrasena hasło şifre lösenord код пин пін пароль κωδικ mã कोड ओटीपी קוד סיסמ רמז رمز
    كود كلمة jednorazówk
"""
_OTHER_STEMS = _LETTERED_STEMS.split() + [
    phrase for role in (Role.CODE, Role.PASSWORD) for phrase in _RUNS[role].casefold().split()
]
_SPACED_TO = "\u0e00"  # from Thai on (Hangul aside) scripts do without spaces
_WORD = re.compile(
    r"[,，、()]|[\w\u0900-\u0963\u0e31-\u0e4e]+"
)  # the vowel signs of Hindi and Thai are no letters to Unicode


def names_codes(text: str) -> bool:
    """Whether some word in a text may name a code: a quick look that misses none of them."""
    text = text.casefold()
    stems = _ASCII_STEMS if text.isascii() else (*_ASCII_STEMS, *_OTHER_STEMS)
    return any(stem in text for stem in stems)


def roles(text: str) -> list[Role]:
    """The roles of a text's words in order; a run of a script without spaces gives one for each known phrase."""
    found: list[Role] = []
    text = text.casefold().replace("_", " ").replace("\u0307", "")
    for word in _WORD.findall(_TOGETHER.sub(lambda match: "otp" if match["once"] else "signin", text)):
        found += _roles_of(word)
    return found


@lru_cache(8192)
def _roles_of(word: str) -> tuple[Role, ...]:
    if len(word) > 40:
        word = word[-40:]
    if max(word) >= _SPACED_TO:
        return tuple(_RUN_ROLES[phrase] for phrase in _RUN.findall(word)) or (Role.NONE,)
    return (next((role for role, pattern in _WHOLE if pattern.fullmatch(word)), Role.NONE),)
