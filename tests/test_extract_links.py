"""Links as mails in a dozen languages offer them: language, subject, text, HTML's links, what the link to act on does.

`GO` is that link; where nothing is to be done the kind is "".
"""

from collections.abc import Sequence

import pytest

from mailsluice.message.extract import extract

GO = "https://app.example/x/8f14e45fceea167a5a36dedd4bea2543"
HOME = "https://orchard.example/"
HELP = "https://orchard.example/help/center"
FOOT = ("https://orchard.example/privacy", "Privacy")
OFF = ("https://orchard.example/unsubscribe?u=77", "Unsubscribe")

Row = tuple[str, str, str, Sequence[tuple[str, str]], str]
LINKS: tuple[Row, ...] = (
    ("en", "Welcome", "", [(HOME, "Orchard"), (GO, "Verify email address"), FOOT, OFF], "verify"),
    ("en", "Confirm your account", f"Please confirm by clicking this link:\n\n{GO}\n\nQuestions? {HELP}", [], "verify"),
    ("en", "", f"To activate your account, visit {GO}.", [], "verify"),
    ("en", "Reset your password", "", [(GO, "Choose a new password"), (HELP, "Help"), OFF], "reset"),
    ("en", "", f"Somebody asked for a new password.\nIf that was you, choose one here: {GO}", [], "reset"),
    ("en", "Password reset", f"Click here to reset it:\n{GO}\nIf it was not you, write to {HELP}", [], "reset"),
    ("en", "Your magic link", "", [(GO, "Sign in to Orchard"), FOOT], "sign-in"),
    ("en", "", f"Log in with this link (valid once):\r\n\r\n<{GO}>\r\n", [], "sign-in"),
    ("en", "Grace invited you to Orchard", "", [(HOME, ""), (GO, "Accept invitation"), OFF], "invite"),
    ("en", "", f"You have been invited to join the team. Join here: {GO}", [], "invite"),
    ("en", "Confirm that you want to leave", "", [("https://a.example/privacy", "Privacy"), (GO, "Confirm")], "verify"),
    ("en", "Confirm you want to unsubscribe", "", [(GO, "Yes, unsubscribe me"), FOOT], "unsubscribe"),
    ("en", "Your order", "", [(HOME, "Orchard"), (GO, "View your order"), FOOT, OFF], "other"),
    ("en", "News of May", "", [(f"{HOME}a", "Apples"), (f"{HOME}b", "Pears"), (f"{HOME}c", "Plums"), OFF], ""),
    ("en", "Hello", f"Just a line from {HOME} to say hello.", [], ""),
    ("en", "Receipt", f"Thank you. Terms: {HOME}terms, help: {HELP}", [], ""),
    ("de", "Willkommen", "", [(HOME, "Obstgarten"), (GO, "E-Mail-Adresse bestätigen"), OFF], "verify"),
    ("de", "Passwort zurücksetzen", f"Klicken Sie auf den folgenden Link:\n{GO}", [], "reset"),
    ("de", "", f"Hier können Sie sich anmelden: {GO}", [], "sign-in"),
    ("de", "Einladung", "", [(GO, "Einladung annehmen"), (HELP, "Hilfe")], "invite"),
    ("de", "", f"Bitte aktivieren Sie Ihr Konto: {GO}", [], "verify"),
    ("fr", "Bienvenue", "", [(GO, "Confirmer mon adresse"), FOOT], "verify"),
    ("fr", "", f"Pour réinitialiser votre mot de passe, cliquez ici : {GO}", [], "reset"),
    ("fr", "Votre lien", "", [(HOME, "Verger"), (GO, "Se connecter"), OFF], "sign-in"),
    ("fr", "", f"Ada vous invite à rejoindre l'équipe : {GO}", [], "invite"),
    ("es", "Bienvenida", "", [(GO, "Verificar correo"), FOOT], "verify"),
    ("es", "", f"Para restablecer tu contraseña, visita {GO}", [], "reset"),
    ("es", "", f"Inicia sesión con este enlace: {GO}", [], "sign-in"),
    ("es", "", f"Grace te ha invitado. Únete aquí: {GO}", [], "invite"),
    ("it", "Benvenuta", "", [(GO, "Conferma indirizzo email"), OFF], "verify"),
    ("it", "", f"Per reimpostare la password: {GO}", [], "reset"),
    ("it", "", f"Accedi con questo link: {GO}", [], "sign-in"),
    ("pt", "Boas-vindas", "", [(GO, "Confirmar e-mail"), FOOT], "verify"),
    ("pt", "", f"Para redefinir sua senha, acesse:\n{GO}", [], "reset"),
    ("pt", "", f"Você recebeu um convite para a equipe: {GO}", [], "invite"),
    ("nl", "Welkom", "", [(GO, "Bevestig je e-mailadres"), OFF], "verify"),
    ("nl", "", f"Wachtwoord opnieuw instellen (nieuw wachtwoord): {GO}", [], "reset"),
    ("nl", "", f"Log in via deze link om in te loggen: {GO}", [], "sign-in"),
    ("nl", "", f"Je bent uitgenodigd voor het team: {GO}", [], "invite"),
    ("pl", "Witamy", "", [(GO, "Potwierdź adres e-mail"), FOOT], "verify"),
    ("pl", "", f"Aby zresetować hasło, ustaw nowe hasło: {GO}", [], "reset"),
    ("pl", "", f"Zaloguj się: {GO}", [], "sign-in"),
    ("ru", "Добро пожаловать", "", [(GO, "Подтвердить адрес"), FOOT], "verify"),
    ("ru", "", f"Для восстановления пароля перейдите по ссылке: {GO}", [], "reset"),
    ("ru", "", f"Войти: {GO}", [], "sign-in"),
    ("ru", "", f"Вас пригласили присоединиться к команде: {GO}", [], "invite"),
    ("uk", "Вітаємо", "", [(GO, "Підтвердити адресу"), OFF], "verify"),
    ("uk", "", f"Щоб відновити пароль, перейдіть: {GO}", [], "reset"),
    ("tr", "Hoş geldiniz", "", [(GO, "E-postanı doğrula"), FOOT], "verify"),
    ("tr", "", f"Şifrenizi sıfırlamak için tıklayın: {GO}", [], "reset"),
    ("tr", "", f"Ekibe katılmak için davet edildiniz: {GO}", [], "invite"),
    ("ja", "ようこそ", "", [(GO, "メールアドレスを確認する"), FOOT], "verify"),
    ("ja", "", f"パスワードの再設定はこちら：{GO}", [], "reset"),
    ("ja", "", f"以下のリンクからログインしてください。\n{GO}", [], "sign-in"),
    ("zh", "欢迎", "", [(GO, "验证邮箱"), FOOT], "verify"),
    ("zh", "", f"请点击以下链接重置密码：{GO}", [], "reset"),
    ("zh", "", f"格蕾丝邀请您加入团队：{GO}", [], "invite"),
    ("ko", "환영합니다", "", [(GO, "이메일 인증하기"), FOOT], "verify"),
    ("ko", "", f"비밀번호 재설정: {GO}", [], "reset"),
    ("ko", "", f"로그인 링크: {GO}", [], "sign-in"),
    ("ar", "مرحبا", "", [(GO, "تأكيد البريد الإلكتروني"), FOOT], "verify"),
    ("ar", "", f"لإعادة تعيين كلمة المرور: {GO}", [], "reset"),
    ("he", "ברוכים הבאים", "", [(GO, "אימות כתובת"), FOOT], "verify"),
    ("he", "", f"לאיפוס הסיסמה: {GO}", [], "reset"),
    ("sv", "Välkommen", "", [(GO, "Bekräfta e-postadress"), OFF], "verify"),
    ("sv", "", f"Återställ lösenordet här: {GO}", [], "reset"),
    ("sv", "", f"Logga in: {GO}", [], "sign-in"),
)
LEAVING = (
    ("en", "Unsubscribe"),
    ("en", "Opt out"),
    ("de", "Newsletter abbestellen"),
    ("fr", "Se désabonner"),
    ("es", "Darse de baja"),
    ("it", "Annulla l'iscrizione"),
    ("pt", "Cancelar inscrição"),
    ("nl", "Uitschrijven"),
    ("pl", "Wypisz się"),
    ("ru", "Отписаться"),
    ("uk", "Відписатися"),
    ("tr", "Aboneliğinizi iptal edin"),
    ("ja", "配信停止"),
    ("zh", "退订"),
    ("ko", "수신거부"),
    ("ar", "إلغاء الاشتراك"),
    ("he", "להסרה מרשימת התפוצה"),
    ("sv", "Avregistrera"),
)


@pytest.mark.parametrize(("language", "subject", "text", "links", "kind"), LINKS)
def test_the_link_to_act_on_is_found(
    language: str, subject: str, text: str, links: Sequence[tuple[str, str]], kind: str
) -> None:
    action = extract(subject, text, links=links).action
    assert (action.url, action.kind) == (GO, kind) if action else not kind


@pytest.mark.parametrize(("language", "shown"), LEAVING)
def test_the_link_that_unsubscribes_is_found_and_is_nothing_to_act_on(language: str, shown: str) -> None:
    found = extract("News", "", links=[(f"{HOME}a", "Apples"), (f"{HOME}b", "Pears"), (GO, shown)])
    assert (found.action, found.unsubscribe) == (None, GO)
