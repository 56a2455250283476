"""What a person agrees to before their identity is checked; each change is a new version."""

from typing import Final

KIND: Final = "identity_consent"
TITLE: Final = "Checking your identity with Stripe"
BODY: Final = """\
Stripe checks your identity for us. On a page of Stripe's you photograph an identity document and your
face; Stripe compares the two, partly by machine, and keeps them under its own privacy policy.

From Stripe we take and keep: whether you are verified, the country that issued the document, and, where
something did not work, a code that says why. We never take or keep your date of birth, the numbers on
the document or any picture.

If the machine can't say yes, a person of ours looks within two working days. No machine decides against
you. You may decline, and ask for a person instead; it costs you nothing but time.
"""
