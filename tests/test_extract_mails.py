"""Whole mails in the manner of known services: subject, text, the code ("" for none), what the link to act on does."""

import pytest

from mailsluice.message.extract import extract

MAILS = (
    (
        "Your Orchard launch code",
        "🎉 Hey, almost done! Here is your launch code:\n\n40718825\n\nEnter it now",
        "40718825",
        "",
    ),
    (
        "[Forge] Please verify your device",
        "Hey ada!\n\nA sign in attempt requires further verification because we did not "
        "know your device.\n\nDevice: Firefox on Linux\nVerification code: 718804\n\nIf that was not you, your "
        "password may be compromised. Visit https://forge.example/settings/security to create a new one.",
        "718804",
        None,
    ),
    (
        "Ada, here's your PIN 204118",
        "Hi Ada,\n\nEnter this verification code to sign in:\n\n204118\n\nWhen and where\n"
        "Date: May 12, 2024, 3:30 PM (GMT)\nIP: 192.0.2.17",
        "204118",
        "",
    ),
    (
        "Account verification code",
        "Account\nSecurity code\n\nPlease use this security code for the account a***@x.org."
        "\n\nSecurity code: 9307718\n\nOnly enter this code on an official website.",
        "9307718",
        "",
    ),
    ("Your Brew code is 118204", "118204\n\nUse this to confirm your identity.", "118204", ""),
    (
        "Steamy Guard",
        "Dear ada1999,\n\nHere is the code you need to login to account ada1999:\n\nR4GQ7\n\nThis email was "
        "generated because of a login attempt from 192.0.2.17 (GB).",
        "R4GQ7",
        "",
    ),
    (
        "Slick confirmation code: K4Z-9PW",
        "Your confirmation code is below. Enter it in your open browser window.\n\nK4Z-9PW",
        "K4Z-9PW",
        "",
    ),
    (
        "Sign-in attempt",
        "Someone who knows your password is attempting to sign in.\n\nWhen: May 12, 2024 03:14 PM\nYour "
        "one-time code\n\n552901\n\nDo not give this code to anyone. © 1996-2024 River Inc. 410 Terry Ave",
        "552901",
        "",
    ),
    (
        "Confirm your payment",
        "You are paying EUR 1482.00 to Orchard (merchant 5521904). Your code: 8841. Card ending 4829.",
        "8841",
        "",
    ),
    (
        "Your parcel is coming",
        "Parcel 00340434161094042557 arrives 12.05.2024 between 1300 and 1500. Show pickup code 4829 at the locker.",
        "4829",
        "",
    ),
    (
        "Your receipt from Orchard #1482-9913",
        "Receipt #1482-9913\nAmount paid $20.00\nInvoice number 8A4F-0017",
        "",
        "",
    ),
    ("Your trip on Friday", "Itinerary 71482913, confirmation number 48291. Check-in after 1500.", "", ""),
    (
        "[orchard] Run failed: CI - main (a1b2c3d)",
        "Workflow CI #4829 failed on commit a1b2c3d4e5. View: https://forge.example/ada/orchard/actions/runs/482913",
        "",
        "other",
    ),
    ("Re: 2023 tax code question", "Section 1031 of the tax code applies, see page 1482.", "", ""),
    (
        "New sign-in to your account",
        "We noticed a new sign-in at 1530 UTC from 192.0.2.17. Not you? Reset your password: "
        "https://a.example/password/reset?token=8f14e45fceea167a5a36dedd",
        "",
        "reset",
    ),
    (
        "Please confirm your email",
        "Welcome!\n\nConfirm my email ( https://a.example/confirm?t=8f14e45fceea167a5a36 )\n\nOr "
        "use this code: 66102\n",
        "66102",
        "verify",
    ),
    (
        "Confirm your subscription",
        "Thanks for subscribing to our newsletter. Please confirm:\nhttps://n.example/c/9f8e7d6c5b4a39281706"
        "\n\nUnsubscribe: https://n.example/u/9f8e7d6c5b4a39281706",
        "",
        "verify",
    ),
    (
        "Finish creating your account",
        "Complete registration\nhttps://a.example/signup/complete/8f14e45fceea167a5a36dedd",
        "",
        "verify",
    ),
    ("Document ready to sign", "Review and sign: https://s.example/d/8f14e45fceea167a5a36dedd", "", "other"),
    ("Dein Paket", "Sendungsnummer 00340434161094. Dein Abholcode: 4829. Packstation 112, 10115 Berlin", "4829", ""),
    (
        "Neue Anmeldung",
        "Am 12.05.2024 um 15:30 Uhr. Kundennummer 482913. Waren Sie das nicht? Passwort zurücksetzen: "
        "https://a.example/passwort/8f14e45fceea167a5a36dedd",
        "",
        "reset",
    ),
    (
        "Ihr Bestätigungscode",
        "Guten Tag,\n\nIhr Code lautet\n\n7 3 0 1 1 4\n\nObstgarten GmbH · Mühlweg 12 · 10115 Berlin",
        "730114",
        "",
    ),
    (
        "Bitte bestätigen",
        "Klicken Sie hier, um Ihre Anmeldung zum Newsletter zu bestätigen:\nhttps://n.example/doi/9f8e7d6c5b4a3928",
        "",
        "verify",
    ),
    ("Votre colis", "Colis 8R48291300. Code de retrait : 5521. Du lundi au samedi de 0900 à 1900.", "5521", ""),
    (
        "Vérifiez votre e-mail",
        "Bonjour Ada,\n\nVotre code à 6 chiffres :\n\n204 118\n\n75002 Paris, France. SIRET 482913",
        "204118",
        "",
    ),
    (
        "Activez votre compte",
        "Cliquez sur ce lien pour activer votre compte :\nhttps://v.example/a/8f14e45fceea167a5a36",
        "",
        "verify",
    ),
    ("Tu compra", "Pedido 482913. PIN de recogida: 7720. Gracias.", "7720", ""),
    (
        "Confirma tu cuenta",
        "Para activar tu cuenta haz clic aquí: https://h.example/a/8f14e45fceea167a5a36",
        "",
        "verify",
    ),
    ("Il tuo codice", "Ciao,\nper completare l'accesso inserisci 204118.\nNon condividerlo.", "204118", ""),
    ("Seu código chegou", "Olá, Ada!\n\n558 120\n\nVálido por 10 minutos.", "558120", ""),
    ("Je code", "Vul deze code in: 5512-8801. Vragen? Bel 0800-1234.", "55128801", ""),
    ("Odbierz paczkę", "Paczka 600482913. Kod odbioru: 482913. Telefon 500 600 700.", "482913", ""),
    ("Вход в аккаунт", "Кто-то входит в ваш аккаунт.\nКод: 48291\nЕсли это не вы, смените пароль.", "48291", ""),
    ("Підтвердження", "Щоб підтвердити пошту, введіть 204118 у застосунку.", "204118", ""),
    ("Hesabını doğrula", "Hesabını etkinleştirmek için tıkla: https://b.example/a/8f14e45fceea167a5a36", "", "verify"),
    (
        "【果樹園】メールアドレスの確認",
        "以下の6桁の番号を入力してください。\n\n認証番号：204118\n\n〒100-0001 東京都 電話 0312345678",
        "204118",
        "",
    ),
    (
        "会員登録のご案内",
        "下記のURLから本登録を完了してください。\nhttps://k.example/r/8f14e45fceea167a5a36",
        "",
        "verify",
    ),
    ("注册确认", "亲爱的用户：您正在注册账号，验证码 7741（10分钟内有效）。如非本人操作请忽略。", "7741", ""),
    ("이메일 인증", "아래 6자리 숫자를 입력하세요.\n\n204118\n\n고객센터 1588-1234", "204118", ""),
    ("تأكيد الحساب", "أدخل الرمز التالي لتأكيد حسابك:\n\n204118\n", "204118", ""),
    ("אימות חשבון", "הקוד החד פעמי שלך: 204118\nהקוד תקף ל-10 דקות", "204118", ""),
    ("Hämta ditt paket", "Kollinummer 482913771. Din kod: 4471. Öppet 0900-2000.", "4471", ""),
)


@pytest.mark.parametrize(("subject", "text", "code", "kind"), MAILS)
def test_a_mail_gives_its_code_and_its_link(subject: str, text: str, code: str, kind: str | None) -> None:
    found = extract(subject, text)
    assert (found.code.text if found.code else "") == code
    assert kind is None or (found.action.kind if found.action else "") == kind
