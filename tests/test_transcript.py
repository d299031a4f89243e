"""The dialogue as it is kept."""

from mailsluice.smtp.transcript import Transcript


def test_a_message_is_told_with_the_opening_of_its_session_but_not_with_other_messages() -> None:
    transcript = Transcript()
    transcript.server("220 hello")
    for sender in ("one", "two"):
        transcript.begin_transaction()
        transcript.client(f"MAIL FROM:<{sender}>")
    assert transcript.lines() == ("S: 220 hello", "C: MAIL FROM:<two>")


def test_a_long_transaction_keeps_its_newest_lines_and_counts_the_others() -> None:
    transcript = Transcript()
    transcript.begin_transaction()
    for number in range(1000):
        transcript.client(f"RCPT TO:<{number}>")
    lines = transcript.lines()
    assert lines[0].strip() == "(600 lines left out)"
    assert lines[-1] == "C: RCPT TO:<999>"
    assert len(lines) == 401


def test_a_long_line_is_cut() -> None:
    transcript = Transcript()
    transcript.client("x" * 5000)
    assert len(transcript.lines()[0]) < 1100


def test_what_follows_a_transaction_does_not_push_it_out() -> None:
    transcript = Transcript()
    transcript.begin_transaction()
    transcript.client("MAIL FROM:<one>")
    transcript.end_transaction()
    transcript.server("552 too large")
    for _ in range(1000):
        transcript.client("NOOP")
    assert transcript.lines()[:3] == ("C: MAIL FROM:<one>", "S: 552 too large", "   (600 lines left out)")


def test_only_what_lasts_is_told_with_the_next_message() -> None:
    transcript = Transcript()
    transcript.server("220 hello")
    for said, lasting in (("RSET", False), ("AUTH PLAIN ****", True)):
        transcript.begin_transaction()
        transcript.client("MAIL FROM:<one>")
        transcript.end_transaction()
        transcript.client(said, lasting=lasting)
    transcript.begin_transaction()
    assert transcript.lines() == ("S: 220 hello", "C: AUTH PLAIN ****")
