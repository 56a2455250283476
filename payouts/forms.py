"""What people enter about money."""

from typing import Final

from babel import Locale
from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

_NOT_COUNTRIES: Final = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES


class PayeeForm(FlaskForm):  # type: ignore[misc]
    """Where a person is paid."""

    country = SelectField(
        _("Country in which you are paid"), [InputRequired(_("Choose the country"))]
    )

    def offer_countries(self) -> None:
        """Every country by its name in the reader's language."""
        names = Locale.parse(str(get_locale() or "en")).territories
        known = [(str(code), str(name)) for code, name in names.items() if _is_country(str(code))]
        self.country.choices = sorted(known, key=lambda choice: choice[1])


class VoidForm(FlaskForm):  # type: ignore[misc]
    """Giving a run up."""

    reason = TextAreaField(
        _("Why is it not carried out?"), [InputRequired(_("Say why")), Length(max=1000)]
    )


class SettleForm(FlaskForm):  # type: ignore[misc]
    """Closing a disagreement."""

    note = StringField(
        _("What did it turn out to be?"), [InputRequired(_("Say what it was")), Length(max=1000)]
    )
