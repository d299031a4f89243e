"""profiles.toml: written by us, edited by hand."""

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from mailsluice.errors import Refusal
from mailsluice.relay.profile import Profile, draft_profile
from mailsluice.relay.profiles import Profiles, configuration_folder
from tests.test_profile import FORMS


@pytest.fixture
def profiles(tmp_path: Path) -> Profiles:
    return Profiles(tmp_path / "config")


def draft(name: str = "work", user: str = "ada@gmail.com", **texts: str) -> Profile:
    return draft_profile(name=name, user=user, **texts)  # type: ignore[arg-type]  # texts by field


def write(profiles: Profiles, text: str) -> None:
    profiles.path.parent.mkdir(exist_ok=True)
    profiles.path.write_text(text, encoding="utf-8")


def test_what_is_saved_is_listed_by_everybody_who_reads_the_file(profiles: Profiles) -> None:
    work = profiles.save(draft(allow="@example.com", aliases="a@example.com", pace="2"))
    home = profiles.save(draft("my home.x", "eve@gmail.com"))
    assert Profiles(profiles.path.parent).list() == [work, home]
    assert profiles.get("my home.x") == home
    assert profiles.get("nobody") is None


def test_no_file_means_no_profiles(profiles: Profiles) -> None:
    assert profiles.list() == []
    assert profiles.default() is None
    profiles.remove("nobody")


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_file_and_folder_are_for_the_user_alone(profiles: Profiles) -> None:
    write(profiles, "")
    profiles.path.chmod(0o644)
    profiles.path.parent.chmod(0o755)
    profiles.save(draft())
    assert stat.S_IMODE(profiles.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(profiles.path.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in profiles.path.parent.iterdir()) == ["lock", "profiles.toml"]


def test_comments_and_order_survive_an_edit(profiles: Profiles) -> None:
    write(
        profiles,
        '# mine\n[profiles.work] # the account of the team\nuser = "ada@gmail.com" # me\npace = 3.0\n\n'
        '# second\n[profiles.home]\nuser = "eve@gmail.com"\n',
    )
    work = profiles.get("work")
    assert work
    profiles.save(draft_profile(base=work, allow="@example.com", pace="4"), old_name="work")
    text = profiles.path.read_text()
    for comment in ("# mine", "# the account of the team", "# me", "# second"):
        assert comment in text
    assert [one.name for one in profiles.list()] == ["work", "home"]
    assert "pace = 4" in text


def test_a_profile_is_renamed_and_removed(profiles: Profiles) -> None:
    old = profiles.save(draft())
    profiles.save(draft_profile(base=old, name="job"), old_name="work")
    assert [one.name for one in profiles.list()] == ["job"]
    profiles.remove("job")
    assert profiles.list() == []


def test_one_profile_is_the_default(profiles: Profiles) -> None:
    profiles.save(draft("one"))
    assert getattr(profiles.default(), "name", "") == "one"
    profiles.save(draft("two", default="yes"))
    profiles.save(draft("three", default="yes"))
    assert [one.name for one in profiles.list() if one.default] == ["three"]
    assert getattr(profiles.default(), "name", "") == "three"
    third = profiles.get("three")
    profiles.save(draft_profile(base=third, enabled="no"), old_name="three")
    assert profiles.default() is None


@pytest.mark.parametrize("name", ["work", "Work", "wo-rk"])
def test_two_profiles_never_share_a_name_or_a_variable(profiles: Profiles, name: str) -> None:
    profiles.save(draft("work"))
    profiles.save(draft("wo_rk"))
    with pytest.raises(Refusal) as caught:
        profiles.save(draft(name))
    assert caught.value.field == "name"


def test_a_profile_that_was_removed_meanwhile_is_not_edited(profiles: Profiles) -> None:
    with pytest.raises(Refusal, match="any more"):
        profiles.save(draft(), old_name="work")


def test_a_change_on_disk_is_seen(profiles: Profiles) -> None:
    profiles.save(draft())
    Profiles(profiles.path.parent).save(draft("second", "eve@gmail.com"))
    assert [one.name for one in profiles.list()] == ["work", "second"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[profiles.a]\nuser =\n", 2, "value"),
        ("[profiles.a]\nuser = 'a'\nprot = 3\n", 3, "no setting prot"),
        ("[profiles.a]\nuser = 'a'\nport = 'x'\n", 3, "port"),
        ("[profiles.a]\nuser = 'a'\n\n[profiles.b]\nuser = ''\n", 5, "address"),
        ("[profiles.a]\nuser = 'a'\nhost = 'a_b!'\n", 3, "host"),
        ("[profiles.a]\nuser = 'a'\nsecurity = 'plain'\n", 3, "encryption"),
        ("[profiles.a]\nuser = 'a'\npassword_command = 'pass x'\n", 3, "password_command"),
        ("profiles = 1\n", 1, "table"),
        ("[profiles]\na = 1\n", 2, "table"),
        ("[profiles.a\n", 1, "Expected"),
    ],
)
def test_a_broken_file_is_one_refusal_that_names_the_line(
    profiles: Profiles, text: str, line: int, reason: str
) -> None:
    write(profiles, text)
    for _ in range(2):
        with pytest.raises(Refusal, match=reason) as caught:
            profiles.list()
        assert f"profiles.toml, line {line}:" in caught.value.reason
        assert "\n" not in caught.value.reason


@pytest.mark.parametrize("key", ["password", "app_password", "secret", "pass"])
def test_a_password_in_the_file_is_refused_and_not_repeated(profiles: Profiles, key: str) -> None:
    write(profiles, f"[profiles.a]\nuser = 'a'\n{key} = 'abcdefghijklmnop'\n")
    with pytest.raises(Refusal, match="no password belongs here") as caught:
        profiles.list()
    assert "abcdefgh" not in caught.value.reason


def test_a_file_that_is_no_text_is_refused_with_its_line(profiles: Profiles) -> None:
    profiles.path.parent.mkdir()
    profiles.path.write_bytes(b"# x\n\xff\n")
    with pytest.raises(Refusal, match="line 2"):
        profiles.list()


def test_a_broken_file_is_never_written_over(profiles: Profiles) -> None:
    write(profiles, "[profiles.a\n")
    with pytest.raises(Refusal):
        profiles.save(draft())
    assert profiles.path.read_text() == "[profiles.a\n"


def test_hand_written_fields_are_forgiven_like_typed_ones(profiles: Profiles) -> None:
    write(profiles, "[profiles.a]\nuser = 'ada'\nhost = 'https://smtp.gmail.com/'\nallow = ['Example.com']\npace = 2\n")
    (profile,) = profiles.list()
    assert (profile.user, profile.host, profile.allow, profile.pace) == (
        "ada@gmail.com",
        "smtp.gmail.com",
        ("@example.com",),
        2.0,
    )


def test_a_password_command_comes_from_the_file_only(profiles: Profiles) -> None:
    smuggled = Profile(
        name="x", preset="custom", host="mail.example.com", port=587, user="a@b.example", password_command=("evil",)
    )
    assert profiles.save(smuggled).password_command == ()
    assert "evil" not in profiles.path.read_text()


def test_a_password_command_stays_with_its_server(profiles: Profiles) -> None:
    write(profiles, "[profiles.a]\nuser = 'ada'\npassword_command = ['pass', 'gmail']\n")
    (old,) = profiles.list()
    assert old.password_command == ("pass", "gmail")
    kept = profiles.save(draft_profile(base=old, allow="@example.com"), old_name="a")
    assert kept.password_command == ("pass", "gmail")
    moved = profiles.save(draft_profile(base=kept, host="evil.example", by_hand=True), old_name="a")
    assert (moved.password_command, moved.environment_password) == ((), False)
    assert profiles.list() == [moved]


def test_what_the_command_line_saves_may_keep_the_environment_s_password(profiles: Profiles) -> None:
    local = draft_profile(preset="custom", host="127.0.0.1", port=2525, user="a@b.example", by_hand=True)
    assert profiles.save(local, by_hand=True).environment_password


@settings(deadline=None, max_examples=60)  # files are written and synced
@given(FORMS)
def test_whatever_was_drafted_is_read_back_as_it_was_saved(texts: dict[str, str]) -> None:
    try:
        drafted = draft_profile(**texts)  # type: ignore[arg-type]  # texts by field
    except Refusal:
        return
    with tempfile.TemporaryDirectory() as folder:
        saved = Profiles(Path(folder)).save(drafted)
        assert saved == drafted
        assert Profiles(Path(folder)).list() == [saved]


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_link_to_the_file_stays_a_link(profiles: Profiles, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.toml"
    target.write_text("")
    profiles.path.parent.mkdir()
    profiles.path.symlink_to(target)
    profiles.save(draft())
    assert profiles.path.is_symlink()
    assert "ada@gmail.com" in target.read_text()


def test_the_folder_is_the_user_s_configuration_folder(private_folders: Path) -> None:
    assert configuration_folder() == private_folders / "config" / "mailsluice"


def test_what_would_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path)
    google = Profile(name="odd", preset="custom", host="smtp.gmail.com", port=587, sender_address="ada@gmail.com")
    with pytest.raises(Refusal):
        profiles.save(google, by_hand=True)
    assert profiles.list() == []
