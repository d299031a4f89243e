"""Numbers and codes of mails that are no one-time codes: language, subject, text."""

import pytest

from mailsluice.message.extract import extract

NUMBERS = (
    (
        "en",
        "Your order 10482 is on its way",
        "Thank you for your order 10482.\n\nTotal € 27.70\nTracking number 993812",
    ),
    ("en", "Invoice 2024-0017", "Invoice number: 20240017\nAmount due: 1482.50 USD\nDue 2024-06-30"),
    ("en", "", "Call us at 555-0100 or +1 (555) 010-4477, extension 4829."),
    ("en", "Summer sale", "Use promo code SAVE2024 at checkout for 20% off."),
    ("en", "", "Use code SUMMER25 for 25% off your next order."),
    ("en", "", "Your discount code: 482913. Valid until 2025."),
    ("en", "", "Orchard Ltd, 1482 Mill Lane, Springfield, IL 62704. Zip code 62704."),
    ("en", "Code review", "Please review the code in pull request 4829. It touches 1520 lines."),
    ("en", "Build failed", "Build 20481 failed with exit code 1370 after 482 seconds.\nError code: 5021"),
    ("en", "", "Released version 12.4829.1 of the source code on 2024-05-12."),
    ("en", "Your booking", "Booking code: KXMPQZ\nFlight LH4829, gate 1204, 2024-05-12 14:30"),
    ("en", "Receipt", "Card ending in 4829\nAuthorisation 00 1234\nTotal 1 482 913 kr"),
    ("en", "", "Your ticket number is 482913. We will reply within 1440 minutes."),
    ("en", "Password changed", "Your password was changed on 12 May 2024 at 1530. Case 4829134."),
    ("en", "", "Copyright 2011-2024 Orchard. All codes reserved since 2011."),
    ("en", "", "The code is on page 1482 of the manual; ISBN 978-3-16-148410-0."),
    ("en", "", "Your verification code will be sent by text message to the number ending 4829."),
    ("en", "Verify your email", "Click https://orchard.example/verify/482913 to verify.\nOrchard, PO Box 4829"),
    ("en", "", "Meet me at 1900, room 2048. Bring 5000 copies."),
    ("en", "", "Your sign-in code has expired. Ask for a new one at https://a.example/new."),
    ("en", "", "No numbers at all here: verification, code, PIN."),
    ("en", "", "PLEASE READ THE CODE OF CONDUCT: RESPECT OTHERS"),
    ("en", "Weekly digest", "1204 people signed in, 482913 visits, 3310 orders, error code 5003 seen 1200 times"),
    ("de", "Ihre Bestellung 10482", "Bestellnummer: 10482913\nKundennummer 448812\nSumme: 1482,00 EUR"),
    ("de", "", "Mit dem Gutscheincode SOMMER24 sparen Sie 10 %. Rabattcode: 482913"),
    ("de", "", "Obstgarten GmbH, Mühlweg 12, 10115 Berlin. Telefon 030 1234567. HRB 48291."),
    ("de", "", "Fehlercode 5021 beim Versand der Rechnung 482913."),
    ("fr", "", "Votre commande 482913 est expédiée. Code postal 75001. Code promo : ETE2024."),
    ("fr", "", "Facture n° 20240017 du 12/05/2024, montant 1482 €. Tél. 01 23 45 67 89."),
    ("es", "", "Pedido 482913 enviado. Código postal 28001. Código de descuento: VERANO24."),
    ("es", "", "Factura 20240017. Teléfono 912 345 678. Importe 1482 EUR."),
    ("it", "", "Ordine 482913 spedito. Codice sconto: ESTATE24. CAP 20121, Milano."),
    ("it", "", "Codice fiscale RSSMRA80A01H501U, fattura 20240017."),
    ("pt", "", "Pedido 482913 enviado. Código de rastreio RR482913. Código postal 1100-048."),
    ("pt", "", "Fatura 20240017, valor 1482 EUR. Cupom de desconto: VERAO24."),
    ("nl", "", "Bestelling 482913 is verzonden. Postcode 1012 AB. Kortingscode: ZOMER24."),
    ("nl", "", "Factuurnummer 20240017, bedrag € 1482. Klantnummer 55219."),
    ("pl", "", "Zamówienie 482913 wysłane. Kod pocztowy 00-950. Kod rabatowy: LATO2024."),
    ("ru", "", "Заказ 482913 отправлен. Промокод: LETO2024. Почтовый индекс 101000."),
    ("ru", "", "Счёт № 20240017, сумма 1482 руб. Телефон 8 800 123 4567."),
    ("uk", "", "Замовлення 482913 відправлено. Поштовий індекс 01001. Промокод: LITO2024."),
    ("tr", "", "Sipariş 482913 kargoda. Posta kodu 34000. İndirim kodu: YAZ2024."),
    ("ja", "ご注文ありがとうございます", "ご注文番号：482913\n郵便番号 100-0001\n合計 1482円\nクーポンコード：NATSU24"),
    ("ja", "", "2024年5月12日に配送予定です。お問い合わせ番号 482913"),
    ("zh", "", "您的订单482913已发货，运单号9938121，金额1482元。优惠码：XIA2024"),
    ("zh", "", "果园有限公司，邮编100000，客服电话4001234。"),
    ("ko", "", "주문번호 482913 상품이 발송되었습니다. 송장번호 993812. 쿠폰 코드: YEOREUM24"),
    ("ko", "", "결제 금액 14829원, 2024년 5월 12일"),
    ("ar", "", "تم شحن طلبك رقم 482913. الرمز البريدي 11564. رمز الخصم: SAIF24"),
    ("he", "", "הזמנה 482913 נשלחה. מיקוד 6100001. קוד קופון: KAYIZ24"),
    ("sv", "", "Din order 482913 är skickad. Postnummer 11120. Rabattkod: SOMMAR24"),
    ("sv", "", "Fakturanummer 20240017, belopp 1482 kr. Kundnummer 5512."),
    ("cs", "", "Objednávka 482913 odeslána. Slevový kód: LETO2024."),
    ("fi", "", "Tilaus 482913 on lähetetty. Alennuskoodi: KESA2024"),
)


@pytest.mark.parametrize(("language", "subject", "text"), NUMBERS)
def test_another_number_is_no_code(language: str, subject: str, text: str) -> None:
    assert extract(subject, text).code is None
