"""What people enter about money."""

from decimal import Decimal
from typing import Final

from babel import Locale
from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from payouts.models import BookingKind, Rail, ReturnCause, TaxFormKind
from payouts.service.bank import bic_problem, number_of_account_problem
from payouts.service.tax import number_problem
from portal.money import EXPONENTS

_NOT_COUNTRIES: Final = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES


def _countries() -> list[SelectChoice]:
    names = Locale.parse(str(get_locale() or "en")).territories
    known = [(str(code), str(name)) for code, name in names.items() if _is_country(str(code))]
    return [SelectChoice(code, name) for code, name in sorted(known, key=lambda each: each[1])]


class PayeeForm(FlaskForm):  # type: ignore[misc]
    """Where a person is paid."""

    country = SelectField(
        _("Country in which you are paid"), [InputRequired(_("Choose the country"))]
    )

    def offer_countries(self) -> None:
        """Every country by its name in the reader's language."""
        self.country.choices = _countries()


class TaxForm(FlaskForm):  # type: ignore[misc]
    """What a person certifies for tax."""

    kind = RadioField(
        _("Are you a U.S. person for tax?"),
        [InputRequired(_("Choose one of the two"))],
        choices=[
            SelectChoice(TaxFormKind.W8BEN.value, _("No: Form W-8BEN")),
            SelectChoice(TaxFormKind.W9.value, _("Yes: Form W-9")),
        ],
    )
    name = StringField(
        _("Your name, as on your tax papers"),
        [InputRequired(_("Enter your name")), Length(max=200)],
    )
    country = SelectField(_("Country where you are resident for tax"), [InputRequired()])
    number = StringField(_("Tax number"), [Length(max=40)])
    certified = BooleanField(
        _("What I say here is true, and I am the person who is paid."),
        [InputRequired(_("Certify it, or leave the form for now"))],
    )

    def offer_countries(self) -> None:
        """Every country by its name in the reader's language."""
        self.country.choices = _countries()

    def validate_country(self, field: SelectField) -> None:
        """The form and the country go together."""
        if (field.data == "US") != (self.kind.data == TaxFormKind.W9):
            raise ValidationError(_("A W-9 is for U.S. persons, a W-8BEN for everybody else"))

    def validate_number(self, field: StringField) -> None:
        """Only what can be a tax number there."""
        kind = TaxFormKind(self.kind.data) if self.kind.data in set(TaxFormKind) else None
        if kind and (problem := number_problem(kind, self.country.data, field.data or "")):
            raise ValidationError(problem)


class BankForm(FlaskForm):  # type: ignore[misc]
    """A bank account of the person's own."""

    holder = StringField(
        _("Whose account is it?"), [InputRequired(_("Enter the name at the bank")), Length(max=140)]
    )
    country = SelectField(_("Country of the bank"), [InputRequired()])
    number = StringField(
        _("IBAN or account number"), [InputRequired(_("Enter the number")), Length(max=60)]
    )
    bic = StringField(_("BIC (SWIFT code)"), [Length(max=14)])

    def offer_countries(self) -> None:
        """Every country by its name in the reader's language."""
        self.country.choices = _countries()

    def validate_number(self, field: StringField) -> None:
        """Only what can be an account."""
        if problem := number_of_account_problem(field.data or ""):
            raise ValidationError(problem)

    def validate_bic(self, field: StringField) -> None:
        """Only what can be a bank's code."""
        if problem := bic_problem(field.data or ""):
            raise ValidationError(problem)


class BankAnswerForm(FlaskForm):  # type: ignore[misc]
    """What the bank did with one payout."""

    reference = StringField(
        _("The bank's reference"), [InputRequired(_("Enter the reference")), Length(max=140)]
    )
    on = DateField(_("Paid on"), [InputRequired(_("Enter the day"))])


class ReturnForm(FlaskForm):  # type: ignore[misc]
    """What the bank said about a payment that it sent back."""

    cause = RadioField(
        _("Why did it come back?"),
        [InputRequired(_("Choose why it came back"))],
        choices=[
            SelectChoice(ReturnCause.CLOSED.value, _("The account is closed")),
            SelectChoice(ReturnCause.NO_SUCH_ACCOUNT.value, _("There is no such account")),
            SelectChoice(ReturnCause.NAME_DIFFERS.value, _("The name does not fit the account")),
            SelectChoice(ReturnCause.NOT_TAKEN.value, _("The bank does not take such payments")),
            SelectChoice(ReturnCause.OTHER.value, _("Something else")),
        ],
    )
    words = StringField(
        _("What did the bank say?"),
        [InputRequired(_("Enter what the bank said")), Length(max=500)],
    )
    reference = StringField(
        _("The bank's reference for the return"),
        [InputRequired(_("Enter the reference")), Length(max=140)],
    )
    returned_on = DateField(_("Returned on"), [InputRequired(_("Enter the day"))])
    amount = DecimalField(
        _("Amount of the payment that came back"),
        [InputRequired(_("Enter the amount")), NumberRange(min=Decimal("0.001"))],
    )
    arrived_on = DateField(_("On our account again since"), [Optional()])
    charges = DecimalField(
        _("Charges that the bank kept"), [Optional(), NumberRange(min=Decimal(0))]
    )


class ReasonForm(FlaskForm):  # type: ignore[misc]
    """Doing something that is written down with its reason."""

    reason = StringField(_("Why?"), [InputRequired(_("Say why")), Length(max=1000)])


class BudgetForm(FlaskForm):  # type: ignore[misc]
    """What a project may cost."""

    amount = DecimalField(
        _("Budget"), [InputRequired(_("Enter an amount")), NumberRange(min=Decimal("0.001"))]
    )


class CardForm(FlaskForm):  # type: ignore[misc]
    """The next rate card: prices, and the rules that go with them."""

    hourly = DecimalField(
        _("Per hour, unless tasks alone pay"), [Optional(), NumberRange(min=Decimal("0.001"))]
    )
    task = DecimalField(
        _("Per task, if tasks pay too"), [Optional(), NumberRange(min=Decimal("0.001"))]
    )
    by_task = BooleanField(_("Time on tasks is paid by the task alone"))
    training = DecimalField(
        _("Per hour of training, if another"), [Optional(), NumberRange(min=Decimal("0.001"))]
    )
    cap_minutes = IntegerField(
        _("Minutes of one task that are paid by the hour, at most"),
        [Optional(), NumberRange(1, 1440, _("Enter 1 to 1440 minutes"))],
    )
    band_level = IntegerField(
        _("More from this level on check tasks, in per cent"),
        [Optional(), NumberRange(1, 100, _("Enter 1 to 100"))],
    )
    band_extra = IntegerField(
        _("How much more, in per cent"), [Optional(), NumberRange(0, 100, _("Enter 0 to 100"))]
    )
    guarantee = DecimalField(
        _("What an hour comes to at least"), [Optional(), NumberRange(min=Decimal("0.001"))]
    )
    bonus_name = StringField(_("A bonus to announce: what it is called"), [Length(max=80)])
    bonus_amount = DecimalField(
        _("What the bonus pays, once"), [Optional(), NumberRange(min=Decimal("0.001"))]
    )
    bonus_condition = StringField(_("What it takes to get the bonus"), [Length(max=400)])


class BonusForm(FlaskForm):  # type: ignore[misc]
    """An amount on top for somebody."""

    expert = SelectField(_("For whom"), [InputRequired(_("Choose a person"))])
    announced = SelectField(_("Announced in the terms"), [Optional()])
    amount = DecimalField(
        _("Amount, if none was announced"), [Optional(), NumberRange(min=Decimal("0.001"))]
    )
    reason = StringField(
        _("What is it for?"), [InputRequired(_("Say what it is for")), Length(max=1000)]
    )


class ClaimForm(FlaskForm):  # type: ignore[misc]
    """Asking for a bonus that one's own terms announce."""

    words = StringField(
        _("How is the condition met?"),
        [InputRequired(_("Say how the condition is met")), Length(max=1000)],
    )


class LimitForm(FlaskForm):  # type: ignore[misc]
    """How much may go out in one currency."""

    currency = SelectField(_("Currency"), choices=sorted(EXPONENTS))
    person_week = DecimalField(
        _("To one person within 7 days"), [InputRequired(_("Enter an amount")), NumberRange(min=1)]
    )
    day = DecimalField(
        _("To everybody within 24 hours"), [InputRequired(_("Enter an amount")), NumberRange(min=1)]
    )
    reason = StringField(_("Why?"), [InputRequired(_("Say why")), Length(max=1000)])


class VoidForm(FlaskForm):  # type: ignore[misc]
    """Giving a run up."""

    reason = TextAreaField(
        _("Why is it not carried out?"), [InputRequired(_("Say why")), Length(max=1000)]
    )


class BookingForm(FlaskForm):  # type: ignore[misc]
    """What a rail's list shows and our books do not."""

    kind = RadioField(
        _("What was it?"),
        [InputRequired(_("Choose what it was"))],
        choices=[
            SelectChoice(BookingKind.FEE.value, _("A fee that Stripe or the bank took")),
            SelectChoice(BookingKind.EXPECTED.value, _("Money that left us and is to come back")),
            SelectChoice(BookingKind.ARRIVED.value, _("Money that was to come back is here")),
            SelectChoice(BookingKind.LOSS.value, _("A loss: it left us and stays away")),
            SelectChoice(BookingKind.GAIN.value, _("A gain: there is more than we booked")),
            SelectChoice(
                BookingKind.WRITTEN_OFF.value, _("What was to come back never will: a loss")
            ),
        ],
    )
    rail = SelectField(
        _("By which way"),
        choices=[
            SelectChoice(Rail.STRIPE.value, _("Stripe")),
            SelectChoice(Rail.MANUAL.value, _("bank transfer")),
        ],
    )
    amount = DecimalField(
        _("Amount"), [InputRequired(_("Enter an amount")), NumberRange(min=Decimal("0.001"))]
    )
    currency = SelectField(_("Currency"), choices=sorted(EXPONENTS))
    reason = StringField(
        _("How do you know?"),
        [InputRequired(_("Say how you found out")), Length(max=1000)],
    )
    evidence = StringField(
        _("Which paper or entry shows it?"),
        [InputRequired(_("Name the paper or the entry")), Length(max=200)],
    )


class SettleForm(FlaskForm):  # type: ignore[misc]
    """Closing a disagreement."""

    note = StringField(
        _("What did it turn out to be?"), [InputRequired(_("Say what it was")), Length(max=1000)]
    )
