"""A million different mails as apps write them: words as rare as in real text, numbers that are unique."""

import random
from email.header import Header
from itertools import accumulate
from typing import Final

_SYLLABLES: Final = "ba ce di fo gu la me ni po ru sa te vi wo xu ya ze qui stra men tion ver lich keit eau ble"
_KNOWN: Final = (
    "your order invoice invoices has been sent ready payment account password reset confirm please click thank you "
    "team delivery address customer number total due date shipped tracking refund subscription welcome verify email"
)
_FOREIGN: Final = (
    "Rückgabe Straße größe überweisung élève façade",
    "请查收发票 您的订单已发货",
    "ご注文ありがとうございます 請求書",
)
_WORDS: Final = 60_000
_PEOPLE: Final = 5_000
_BODY: Final = 110


class Letters:
    """Mail by number, the same for each number; `now` is what the dates count back from."""

    def __init__(self) -> None:
        made, syllables = random.Random(1), _SYLLABLES.split()
        invented = ("".join(made.choices(syllables, k=made.randint(2, 5))) for _ in range(_WORDS))
        self._words = [*_KNOWN.split(), *invented]
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))
        self._people = ["".join(made.choices(syllables, k=3)) for _ in range(_PEOPLE)]

    def mail(self, number: int) -> tuple[bytes, str, str]:
        """The message, its sender and its recipient."""
        chance = random.Random(number)
        words = chance.choices(self._words, cum_weights=self._weights, k=_BODY)
        person = chance.choice(self._people)
        sender, to = f"{chance.choice(self._people[:50])}@shop.example.com", f"{person}{number % 97}@example.org"
        subject = f"{' '.join(words[:5])} INV{number:07d}"
        foreign = f"{chance.choice(_FOREIGN)}\n" if chance.random() < 0.1 else ""
        if foreign:
            subject = Header(f"{foreign.split()[0]} {subject}", "utf-8").encode(linesep="\r\n")
        link = f"https://shop.example.com/orders/{number}?token={chance.getrandbits(64):016x}"
        text = "\n".join(" ".join(words[at : at + 11]) for at in range(0, len(words), 11))
        token = f"{chance.getrandbits(80):x}"
        head = (
            f"From: {sender.split('@')[0].title()} Shop <{sender}>\nTo: {person.title()} Customer <{to}>\n"
            f"Subject: {subject}\nDate: Mon, 01 Jan 2024 09:{number % 60:02d}:30 +0000\n"
            f"Message-ID: <{token}@shop.example.com>\nMIME-Version: 1.0\nX-Mailer: Shop {number % 7}\n"
        )
        body = f"{foreign}{text}\n{link}\n"
        if number % 4 == 0:
            part = "Content-Type: text/{}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{}"
            html = f'<html><body><p>{body}</p><a href="{link}">order</a></body></html>\n'
            kinds = f"--=b\n{part.format('plain', body)}--=b\n{part.format('html', html)}--=b--\n"
            mail = f'{head}Content-Type: multipart/alternative; boundary="=b"\n\n{kinds}'
        else:
            mail = f"{head}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}"
        return mail.replace("\n", "\r\n").encode(), sender, to
