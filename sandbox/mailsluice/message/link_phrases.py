"""The words in links and around them, by what following the link does, in some dozen languages.

Words are compared casefolded; phrases of several words as they stand, in text whose runs of white space are one space.
"""

import re
from functools import lru_cache
from typing import Literal

Kind = Literal["verify", "reset", "sign-in", "invite", "unsubscribe", "other"]

_WORDS: tuple[tuple[Kind, str], ...] = (
    (
        "unsubscribe",
        r"unsubscri\w+ optout abbestell\w* austragen désabonn\w* désinscri\w* desuscri\w* disiscri\w* cancellati "
        r"descadastr\w* afmeld\w* uitschrijv\w* wypis\w* rezygnuj отпис\w* відпис\w* "
        r"отменить\w* avregistrer\w* avprenumerer\w* odhlás\w*",
    ),
    (
        "reset",
        r"reset\w* recover\w* forgot\w* zurücksetz\w* zurückzusetzen réinitialis\w* restablec\w* restaur\w+ "
        r"reimpost\w* redefin\w* recuper\w* resetten herstel\w* wachtwoordherstel zresetuj\w* resetuj\w* "
        r"resetow\w* сброс\w* восстанов\w* скин\w* скид(?:ання|ати) віднов\w* sıfırla\w* återställ\w* nulstil\w* "
        r"tilbakestill\w* איפוס לאיפוס לאפס אפס",
    ),
    (
        "invite",
        r"invit\w* einlad\w* eingeladen beitreten beizutreten rejoind\w* rejoign\w* unirse únete unirte unisciti "
        r"convid\w* convite uitnodig\w* uitgenodigd deelnem\w* zapro\w* dołącz\w* приглаш\w* присоедин\w* "
        r"запрош\w* приєдна\w* davet\w* inbjud\w* bjud\w* join joining دعوة الدعوة انضم הצטרף הצטרפו להצטרף "
        r"הוזמנת",
    ),
    (
        "verify",
        r"verif\w* confirm\w* conferm\w* activat\w* validat\w* bestätig\w* aktivier\w* verifizier\w* "
        r"freischalt\w* vérifi\w* valide[rz]? activer activez activar activa active ativar ative attiv\w* "
        r"bevestig\w* activeer activeren potwierdź potwierdz\w* aktyw\w* zweryfikuj weryfik\w* подтверд\w* "
        r"подтвержд\w* активир\w* проверьте підтверд\w* підтвердж\w* активу\w* doğrula\w* onayla\w* "
        r"etkinleştir\w* bekräft\w* verifier\w* aktivera\w* bekræft\w* bekreft\w* تأكيد تأكد تفعيل تحقق التحقق "
        r"لتأكيد لتفعيل أكد فعّل אימות אמת אמתו לאימות לאמת אישור אשר אשרו לאשר הפעל",
    ),
    (
        "sign-in",
        r"signin login logon magic einlog\w* einzulog\w* anmelde\w* anmelden anzumelden connecter connectez "
        r"connexion entrar acceder accede ingresar iniciar accedi accesso acceda acessar acesse inlog\w* "
        r"aanmeld\w* zaloguj\w* logowani\w* войти войдите вход входа увійти увійдіть вхід входу giriş oturum "
        r"logga inlogg\w* دخول الدخول לכניסה כניסה התחבר התחברות להתחבר היכנס",
    ),
)
# Where scripts have no spaces, or the meaning needs several words.
_PHRASES: tuple[tuple[Kind, str], ...] = (
    (
        "unsubscribe",
        "opt out|darse de baja|date de baja|dar de baja|cancelar suscripci|cancelar a inscri|cancelar inscri|"
        "annulla l'iscrizione|annulla iscrizione|cancella l'iscrizione|cancella iscrizione|aboneliğinizi iptal|"
        "aboneliği iptal|abonelikten ç|配信停止|配信を停止|登録解除|購読解除|退订|退訂|取消订阅|取消訂閱|"
        "수신거부|수신 거부|구독 취소|구독취소|إلغاء الاشتراك|הסרה מרשימ|להסרה|ביטול הרישום|ביטול מנוי|"
        "stop receiving|nicht mehr erhalten|ne plus recevoir|отменить подписку|скасувати підписку",
    ),
    (
        "reset",
        "passwort vergessen|mot de passe oublié|contraseña olvidada|has olvidado|olvidaste|password dimenticata|"
        "esqueceu|wachtwoord vergeten|zapomnia|забыли пароль|забули пароль|unuttu|忘れ|忘记|忘記|잊으|نسيت|שכחת|glömt|"
        "new password|set a password|set your password|choose a password|change your password|change password|"
        "create a password|neues passwort|nouveau mot de passe|nueva contraseña|cambiar contraseña|"
        "cambia tu contraseña|nuova password|cambia la password|nova senha|nieuw wachtwoord|nowe hasło|"
        "zmień hasło|новый пароль|новий пароль|yeni şifre|yeni parola|nytt lösenord|パスワードを再|パスワード再|"
        "パスワードのリセット|パスワードをリセット|パスワードを変更|再設定|重置|重设|重設|找回密码|修改密码|"
        "재설정|비밀번호 변경|إعادة تعيين|إعادة ضبط|كلمة مرور جديدة|סיסמה חדשה|שחזור סיסמ",
    ),
    ("invite", "招待|参加する|邀请|邀請|加入|초대|참여하기|gå med"),
    (
        "verify",
        "メールアドレスを確認|確認する|アドレスの確認|登録を完了|本登録|認証する|認証を完了|メール認証|有効化|"
        "验证|驗證|激活|确认|確認|인증|이메일 확인|확인하기|활성화|complete your registration|"
        "complete registration|finish signing up|registrierung abschließen|finaliser votre inscription|"
        "completar el registro|completar registro|completa la registrazione|dokończ rejestrację|"
        "завершить регистрацию|завершити реєстрацію",
    ),
    (
        "sign-in",
        "sign in|log in|sign-in|log-in|ログイン|サインイン|登录|登入|로그인|se connecter|inicia sesión|iniciar sesión",
    ),
)
_WHOLE = tuple((kind, re.compile("|".join(words.split()))) for kind, words in _WORDS)
_ASCII_PHRASES, _OTHER_PHRASES = (
    tuple((kind, phrase) for kind, phrases in _PHRASES for phrase in phrases.split("|") if phrase.isascii() == ascii)
    for ascii in (True, False)
)
_WORD = re.compile(r"[^\W\d_]{3,40}")
_URL_TABLE: tuple[tuple[Kind, str], ...] = (
    ("unsubscribe", "unsubscribe unsub optout unsubscribes desinscription abmelden abbestellen baja afmelden"),
    (
        "reset",
        "reset recover recovery forgot password passwords passwd pwd pw passwort kennwort zuruecksetzen contrasena "
        "restablecer senha wachtwoord haslo lostpassword",
    ),
    ("invite", "invite invites invitation invitations invited join einladung rejoindre invitacion invito convite"),
    (
        "verify",
        "verify verification verifications verified confirm confirmation confirmations activate activation validate "
        "validation bestaetigen bestaetigung aktivieren confirmer verificar verifica confirmar conferma bevestigen doi "
        "optin confirmemail verifyemail",
    ),
    ("sign-in", "login signin magic magiclink passwordless sso logon anmelden connexion session sessions callback"),
)
_URL_WORDS = {word: kind for kind, words in _URL_TABLE for word in words.split()}
_URL_WORD = re.compile(r"[a-z]+|[A-Z][a-z]*")


@lru_cache(8192)
def _kind_of(word: str) -> Kind | None:
    return next((kind for kind, pattern in _WHOLE if pattern.fullmatch(word)), None)


def kinds_in(text: str) -> set[Kind]:
    """What a link does, by the words in it or around it."""
    text = " ".join(text.casefold().split())
    found = {kind for word in _WORD.findall(text) if (kind := _kind_of(word))}
    found.update(kind for kind, phrase in _ASCII_PHRASES if phrase in text)
    if not text.isascii():
        found.update(kind for kind, phrase in _OTHER_PHRASES if phrase in text)
    return found


def kinds_in_path(path: str) -> set[Kind]:
    """What a link does, by the words of its path and query; `resetPassword` is two."""
    return {kind for word in _URL_WORD.findall(path) if (kind := _URL_WORDS.get(word.lower()))}
