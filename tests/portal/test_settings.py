"""Settings: typed, without default secrets, all problems said at once."""

import pytest

from portal import settings
from portal.settings import SettingsError

SECRETS = ("SECRET_KEY", "PERSONAL_KEY", "DATABASE_URL", "WORKER_DATABASE_URL", "DATA_DIR")


def test_the_tests_settings_are_complete() -> None:
    assert settings.load().base_url == "https://touchstone.test"


def test_everything_that_is_missing_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name)
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert [name for name in SECRETS if f"{name}:" not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "short", "at least 32"),
        ("BASE_URL", "touchstone.test", "BASE_URL"),
        ("BASE_URL", "http://touchstone.test", "must be https outside the demo"),
        ("MAIL_BACKEND", "smtp", "SMTP_HOST is needed"),
        ("STRIPE_BASE", "http://127.0.0.1:9", "only in the demo"),
        ("TRUSTED_PROXIES", "-1", "TRUSTED_PROXIES"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=words):
        settings.load()


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    printed = repr(settings.load())
    assert "a secret of the tests" not in printed
    assert "AAECAwQ" not in printed
