"""What people fill in about their account; every error says what to do."""

import zoneinfo
from typing import Any, Final

from babel import Locale
from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from portal.accounts import passwords

REGIONS: Final = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
        "UTC",
    ]
)


def countries() -> list[SelectChoice]:
    """ISO 3166 codes with their names, by name."""
    names = Locale("en").territories.items()
    known = [(name, code) for code, name in names if _is_country(code)]
    return [SelectChoice(code, name) for name, code in sorted(known)]


def country_name(code: str | None) -> str | None:
    """The country in words."""
    return Locale("en").territories.get(code) if code else None


def zones() -> list[SelectChoice]:
    """The time zones people live in, as `Africa/Lagos`, with UTC first."""
    found = {zone for zone in zoneinfo.available_timezones() if zone.split("/")[0] in REGIONS}
    named = [SelectChoice(zone, zone.replace("_", " ")) for zone in sorted(found - {"UTC"})]
    return [SelectChoice("UTC", "UTC"), *named]


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES


_NOT_COUNTRIES: Final = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]
)
"""Codes of CLDR that name no country: exceptional reservations, groups, private use."""


def plain_address(_form: FlaskForm, field: Any) -> None:  # noqa: ANN401  wtforms is untyped
    """An e-mail address that could receive a letter, by its looks."""
    try:
        validate_email(field.data or "", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        message = _("Enter an e-mail address such as name@example.org")
        raise ValidationError(message) from None


class SignInForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """An address and its password."""

    email = EmailField(
        _("E-mail address"),
        [InputRequired(_("Enter your e-mail address"))],
        render_kw={"autocomplete": "username", "spellcheck": "false"},
    )
    password = PasswordField(
        _("Password"),
        [InputRequired(_("Enter your password"))],
        render_kw={"autocomplete": "current-password"},
    )


class NewPasswordMixin:
    """A new password that is hard enough to guess."""

    password = PasswordField(
        _("New password"),
        [InputRequired(_("Choose a password")), Length(max=passwords.LONGEST)],
        render_kw={"autocomplete": "new-password"},
    )

    def about(self) -> list[str]:
        """What somebody who knows the person would guess first."""
        return []

    def validate_password(self, field: Any) -> None:  # noqa: ANN401  wtforms is untyped
        """Weigh it, and say what would make it harder."""
        found = passwords.weakness(field.data or "", about=self.about())
        if found is not None:
            raise ValidationError(str(found))


class SignUpForm(NewPasswordMixin, FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """What we need to know to open an account."""

    display_name = StringField(
        _("Your name"),
        [InputRequired(_("Enter the name that you want to be called by")), Length(max=80)],
        render_kw={"autocomplete": "name"},
    )
    email = EmailField(
        _("E-mail address"),
        [InputRequired(_("Enter your e-mail address")), plain_address],
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )
    country = SelectField(
        _("Country you live in"),
        [InputRequired(_("Choose the country you live in"))],
        render_kw={"autocomplete": "country"},
    )
    time_zone = SelectField(_("Your time zone"), [InputRequired(_("Choose your time zone"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as in FlaskForm
        super().__init__(*args, **kwargs)
        self.country.choices = [SelectChoice("", _("Choose a country")), *countries()]
        self.time_zone.choices = zones()

    def about(self) -> list[str]:
        """Name and address."""
        return [self.display_name.data or "", self.email.data or ""]


class ForgottenForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """Whose password was forgotten."""

    email = EmailField(
        _("E-mail address"),
        [InputRequired(_("Enter your e-mail address")), plain_address],
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )


class NewPasswordForm(NewPasswordMixin, FlaskForm):  # type: ignore[misc]
    """A new password, by a link from the mailbox."""


class PressForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """A button and its token: the press is all that is asked."""


class CodeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """A code from the authenticator app."""

    code = StringField(
        _("Code from your app"),
        [InputRequired(_("Enter the 6 digits that your app shows")), Length(max=20)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )


class RecoveryCodeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """A recovery code, where the phone is gone."""

    code = StringField(
        _("Recovery code"),
        [InputRequired(_("Enter one of your recovery codes")), Length(max=20)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class DetailsForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """What the person is called, and where and when they are."""

    display_name = StringField(
        _("Your name"),
        [InputRequired(_("Enter the name that you want to be called by")), Length(max=80)],
        render_kw={"autocomplete": "name"},
    )
    country = SelectField(_("Country you live in"))
    time_zone = SelectField(_("Your time zone"), [InputRequired(_("Choose your time zone"))])
    locale = SelectField(_("Dates and numbers as in"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as in FlaskForm
        super().__init__(*args, **kwargs)
        self.country.choices = [SelectChoice("", _("I would rather not say")), *countries()]
        self.time_zone.choices = zones()
        known = LOCALES if not self.locale.data else {self.locale.data: self.locale.data} | LOCALES
        self.locale.choices = [SelectChoice(code, name) for code, name in known.items()]


LOCALES: Final = {
    "en": _("English"),
    "en-GB": _("English (United Kingdom)"),
    "en-US": _("English (United States)"),
    "en-IN": _("English (India)"),
    "en-NG": _("English (Nigeria)"),
    "en-KE": _("English (Kenya)"),
}


class PasswordChangeForm(NewPasswordMixin, FlaskForm):  # type: ignore[misc]
    """The old password and a new one."""

    current = PasswordField(
        _("Password until now"),
        [InputRequired(_("Enter the password that you use now"))],
        render_kw={"autocomplete": "current-password"},
    )


class EraseForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """Asking that one's data be deleted: the address typed out, and the password where there is one."""

    address = StringField(
        _("Your e-mail address, typed out"),
        [InputRequired(_("Type your e-mail address")), Length(max=254)],
        render_kw={"autocomplete": "off", "inputmode": "email"},
    )
    current = PasswordField(
        _("Your password"), [Length(max=1000)], render_kw={"autocomplete": "current-password"}
    )


class EmailChangeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """A new address, with the password to show that it is really them."""

    email = EmailField(
        _("New e-mail address"),
        [InputRequired(_("Enter your new e-mail address")), plain_address],
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )
    current = PasswordField(
        _("Your password"),
        [InputRequired(_("Enter your password"))],
        render_kw={"autocomplete": "current-password"},
    )


class ConfirmForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """The password again, before something that weakens the account."""

    current = PasswordField(
        _("Your password"),
        [InputRequired(_("Enter your password"))],
        render_kw={"autocomplete": "current-password"},
    )
